import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { RegistrationCheck, type RegistrationCheckParts } from "../../../src/notify/registration-check.ts";
import { HttpStatusError } from "../../../src/openstack/errors.ts";
import type { MasakariClient } from "../../../src/openstack/masakari.ts";
import { SegmentHosts } from "../../../src/openstack/segment-hosts.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { masakariSite } from "../../support/masakari-site.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const SEGMENTS = { "rack-a": ["comp1", "comp2"], "rack-b": ["comp3.example.org"] };

/** A check, with a clock of its own; `look` lets the time until the next check pass and awaits it. */
function checking(
  t: TestContext,
  client: Pick<MasakariClient, "listSegments" | "listHosts">,
  more: Partial<RegistrationCheckParts> = {},
) {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const hostConditions = new Conditions(clock);
  const conditions = new Conditions(clock);
  let calls = 0;
  let checks = 0;
  const counted = {
    listSegments: (...args: Parameters<typeof client.listSegments>) => {
      calls += 1;
      return client.listSegments(...args);
    },
    listHosts: (...args: Parameters<typeof client.listHosts>) => {
      calls += 1;
      return client.listHosts(...args);
    },
  };
  // The pauses between requests are measured in the clock's time, in which a request takes none.
  const segmentHosts = new SegmentHosts({ client: () => counted, clock });
  const check = new RegistrationCheck({
    hostname: "comp1",
    segmentHosts,
    clockOffsetMs: () => 0,
    intervalMs: () => {
      checks += 1;
      return 300_000;
    },
    hostConditions,
    conditions,
    clock,
    log,
    random: () => 0,
    ...more,
  });
  const stop = new AbortController();
  const running = check.run(stop.signal);
  t.after(async () => {
    stop.abort();
    await running;
    assert.equal(clock.timers, 0, "nothing is left behind");
  });
  const atRest = async () => await eventually("the check rests", 60_000, async () => clock.timers === 1 || undefined);
  const problems = () =>
    [...hostConditions.all, ...conditions.all].flatMap(([name, { problem, effect }]) =>
      problem === undefined ? [] : [{ name, problem, effect }],
    );
  return {
    clock,
    log,
    segmentHosts,
    problems,
    first: atRest,
    calls: () => calls,
    checks: () => checks,
    look: async (ms = 300_000) => {
      const before = checks;
      await clock.advance(ms);
      await eventually("another check", 60_000, async () => (checks > before && clock.timers === 1) || undefined);
    },
  };
}

test("a host on maintenance, in a disabled segment or in none is a condition, and ends when it is put right", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, look, problems, log } = checking(t, site.client);
  await first();
  assert.deepEqual(problems(), []);

  await site.setMaintenance("comp1", true);
  await look();
  const [maintenance, ...others] = problems();
  assert.deepEqual([maintenance?.name, maintenance?.effect, others.length], ["host maintenance", "disarmed", 0]);
  assert.match(
    maintenance?.problem ?? "",
    /comp1 is on maintenance in segment rack-a.*host-update comp1 --on-maintenance false/,
  );
  assert.match(log.lines.at(-1) ?? "", /^warning host maintenance: .*refuses every notification about this host/);
  await site.setMaintenance("comp1", false);
  await look();
  assert.deepEqual(problems(), []);
  assert.equal(log.lines.at(-1), "info host maintenance: no longer a problem");

  await site.setEnabled("comp1", false);
  await look();
  assert.deepEqual(
    problems().map(({ name, effect }) => [name, effect]),
    [["segment disabled", "disarmed"]],
  );
  await site.setEnabled("comp1", true);

  await site.deleteHost("comp1");
  await look();
  const [gone] = problems();
  assert.deepEqual([gone?.name, gone?.effect], ["host segment", "disarmed"]);
  assert.match(gone?.problem ?? "", /comp1 is in no segment: masakari host-create comp1/);
});

test("a host that Masakari knows by another form of its name is named, with the option to set", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, problems } = checking(t, site.client, { hostname: "comp3" });
  await first();
  assert.match(problems()[0]?.problem ?? "", /but comp3\.example\.org is: .*set hostname = comp3\.example\.org/);
});

test("once the host is found only its own segment is read, and many requests make the next check later", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, look, calls, checks, clock } = checking(t, site.client);
  await first();
  // A list takes a second request to find its end.
  assert.equal(calls(), 6);
  await look();
  assert.equal(calls(), 8);

  await site.deleteHost("comp1");
  await look();
  assert.equal(calls(), 16, "its segment, and then all");
  const before = checks();
  await clock.advance(300_000 - 1);
  assert.equal(checks(), before);
});

test("no segment is read after the one that has the host", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, calls } = checking(t, site.client, { hostname: "comp3.example.org" });
  await first();
  // The API lists the latest segment first, and a list takes a second request to find its end.
  assert.equal(calls(), 4);
});

test("what was read in search of another host does not make this host one of no segment", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, look, clock, segmentHosts, problems } = checking(t, site.client);
  await site.deleteHost("comp1");
  await first();
  assert.deepEqual(
    problems().map(({ name }) => name),
    ["host segment"],
  );
  await site.addHost("comp1", "comp2");
  await clock.advance(299_000);
  await segmentHosts.read(["comp3.example.org"], new AbortController().signal);
  await look(1000);
  assert.deepEqual(problems(), []);
});

test("a fleet of hosts that are in no segment sends 50 requests a second at most", async (t) => {
  const segments = Array.from({ length: 40 }, (_, index) => ({ id: index + 1, uuid: `s${index}`, name: `s${index}` }));
  const page = <T>(items: readonly T[], marker: unknown) => Promise.resolve((marker === undefined ? items : []) as T[]);
  const client = {
    listSegments: ({ marker }: { marker?: unknown }) => page(segments, marker),
    listHosts: (uuid: string, { marker }: { marker?: unknown }) => page([{ id: 1, uuid, name: `of-${uuid}` }], marker),
  } as unknown as MasakariClient;
  const { first, clock, calls } = checking(t, client);
  await first();
  const before = calls();
  await clock.advance(3_600_000 * 24);
  const inADay = calls() - before;
  assert.ok(inADay / 86_400 <= 50 / 1000, `${inADay} requests of one host in a day`);
  assert.ok(inADay > 1000);
});

test("what the host monitor of the same process has read is not requested again", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  const { first, look, calls, clock, segmentHosts } = checking(t, site.client);
  await first();
  await clock.advance(299_000);
  const before = calls();
  await segmentHosts.read(["comp1", "comp3.example.org"], new AbortController().signal);
  const own = calls() - before;
  await look(1000);
  assert.equal(calls() - before, own, "what was read a second ago is new enough");
  await look();
  assert.equal(calls() - before, own + 2);
});

test("a user who may not list segments is a condition; an API that does not answer is left to the check of the API", async (t) => {
  const errors: Error[] = [
    new HttpStatusError("GET /segments returned 403: forbidden", 403, "forbidden"),
    new HttpStatusError("GET /segments returned 503", 503, ""),
  ];
  const client = { listSegments: () => Promise.reject(errors[0]) } as unknown as MasakariClient;
  const { first, look, problems } = checking(t, client);
  await first();
  assert.match(problems()[0]?.problem ?? "", /403/);
  assert.equal(problems()[0]?.effect, undefined);
  errors.shift();
  await look(60_000);
  assert.deepEqual(problems(), []);
});

test("clocks that differ by more than a minute are a condition, whichever is wrong", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  let offset = 59_000;
  const { first, look, problems } = checking(t, site.client, { hostname: undefined, clockOffsetMs: () => offset });
  await first();
  assert.deepEqual(problems(), []);
  offset = 61_500;
  await look();
  assert.match(problems()[0]?.problem ?? "", /62 s ahead of the Masakari API's/);
  offset = -4_000_000;
  await look();
  assert.match(problems()[0]?.problem ?? "", /4000 s behind/);
});

test("the API's Date is compared with this host's clock", async (t) => {
  const wrong = new VirtualClock({ wall: Date.now() - 90_000, mono: 1000 });
  const { client, session, options } = await masakariSite(t, {}, wrong);
  await client.version(options);
  assert.ok(Math.abs((session.clockOffsetMs ?? 0) + 90_000) < 30_000, `${session.clockOffsetMs}`);
});

test("with an interval of 0 nothing is requested, and what was found is no longer shown", async (t) => {
  const site = await masakariSite(t, SEGMENTS);
  let intervalMs = 300_000;
  const { first, problems, clock, calls } = checking(t, site.client, {
    hostname: "comp9",
    intervalMs: () => intervalMs,
  });
  await first();
  assert.equal(problems().length, 1);
  intervalMs = 0;
  const before = calls();
  await clock.advance(3_600_000);
  assert.deepEqual(problems(), []);
  assert.equal(calls(), before);
});
