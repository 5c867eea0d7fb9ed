import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { instanceMonitor } from "../../../src/instance/monitor.ts";
import type { InstanceEffect, InstanceObservation } from "../../../src/instance/observation.ts";
import type { Domain } from "../../../src/libvirt/mod.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { instanceSettings } from "../../support/instance-decisions.ts";
import { KeptLog } from "../../support/kept-log.ts";
import {
  type Client,
  encode,
  eventKinds,
  i32,
  LibvirtServer,
  procedures,
  struct,
} from "../../support/libvirt-server.ts";
import { Seen } from "../../system/libvirt/suite.ts";

const guest = (number: number, id = number): Domain => ({
  name: `instance-0000000${number}`,
  uuid: `00000000-0000-4000-8000-00000000000${number}`,
  id,
});

/** A libvirt whose domains a test names, and the monitor's sensing at work on it. */
async function sensing(context: TestContext, domains: readonly Domain[]) {
  const server = await LibvirtServer.start();
  const asked: string[] = [];
  let callbacks = 0;
  server.on(procedures.connectOpen, (call) => {
    asked.push(`open ${call.args.uri} ${call.args.flags}`);
    call.reply(undefined);
  });
  server.on(procedures.eventRegister, (call) => {
    asked.push(`register ${call.args.eventId}`);
    call.reply({ callbackId: ++callbacks });
  });
  server.on(procedures.connectListAllDomains, (call) => {
    asked.push(`list ${call.args.flags}`);
    const listed = call.args.flags === 0 ? domains : domains.slice(0, 1);
    call.reply({ domains: [...listed], count: listed.length });
  });
  server.on(procedures.domainGetState, (call) => call.reply({ state: 1, reason: 1 }));
  const seen = new Seen<InstanceObservation>();
  const log = new KeptLog();
  const conditions = new Conditions(systemClock);
  const monitor = instanceMonitor({
    settings: instanceSettings,
    connectionUri: server.uri,
    bootId: "boot",
    clock: systemClock,
    log,
    conditions,
  });
  const stop = new AbortController();
  const begin = (): Promise<void> => {
    const running = monitor.sense(seen.push, stop.signal);
    context.after(async () => {
      stop.abort();
      await running;
      await server[Symbol.asyncDispose]();
    });
    return running;
  };
  return { server, asked, seen, log, monitor, conditions, begin };
}

function stopped(client: Client | undefined, domain: Domain): void {
  const message = struct({ callbackId: i32, body: eventKinds.lifecycle.body });
  client?.event(
    eventKinds.lifecycle.procedure,
    encode(message, { callbackId: 1, body: { domain, event: 5, detail: 5 } }),
  );
}

test("it asks for nothing but to read, and registers before it lists", async (t) => {
  const { asked, seen, begin } = await sensing(t, [guest(1), guest(2)]);
  void begin();

  const snapshot = await seen.first((one) => one.kind === "snapshot");

  assert.deepEqual(
    seen.all.map(({ kind }) => kind),
    ["started", "connected", "looking", "snapshot"],
  );
  assert.equal(asked[0], "open qemu:///system 1");
  assert.deepEqual(
    asked.slice(1, 7).sort(),
    [0, 1, 3, 4, 6, 7].map((id) => `register ${id}`),
  );
  assert.deepEqual(asked.slice(7), ["list 0", "list 8"]);
  assert.ok(snapshot.kind === "snapshot");
  assert.deepEqual(snapshot.looks, [
    { ...guest(1), state: "RUNNING", reason: "BOOTED", after: 0, transient: true },
    { ...guest(2), state: "RUNNING", reason: "BOOTED", after: 0, transient: false },
  ]);
});

test("it looks again, at a second's distance, for what no event has shown", async (t) => {
  const { server, seen, begin } = await sensing(t, [guest(1)]);
  void begin();
  await seen.first((one) => one.kind === "snapshot");
  server.on(procedures.domainGetState, (call) => call.reply({ state: 5, reason: 3 }));

  const again = await seen.first((one) => one.kind === "snapshot" && one.again);

  assert.ok(again.kind === "snapshot");
  assert.equal(again.looks[0]?.state, "SHUTOFF");
});

test("one that vanishes while it is looked at is left out; one that cannot be asked about does not stop the others", async (t) => {
  const { server, seen, log, begin } = await sensing(t, [guest(1), guest(2), guest(3)]);
  server.on(procedures.domainGetState, (call) => {
    if (call.args.domain.id === 1) call.fail(42, "Domain not found");
    else if (call.args.domain.id === 2) call.fail(88, "access denied");
    else call.reply({ state: 5, reason: 3 });
  });
  void begin();

  const snapshot = await seen.first((one) => one.kind === "snapshot");

  assert.ok(snapshot.kind === "snapshot");
  assert.deepEqual(
    snapshot.looks.map(({ name, state, reason }) => [name, state, reason]),
    [
      ["instance-00000002", undefined, ""],
      ["instance-00000003", "SHUTOFF", "CRASHED"],
    ],
  );
  assert.ok(log.lines.some((line) => line.startsWith("warning instance-00000002")));
});

test("an event that comes while it looks is seen at once, and is newer than the look", async (t) => {
  const { server, seen, begin } = await sensing(t, [guest(1)]);
  const { promise: mayRespond, resolve: letRespond } = Promise.withResolvers<void>();
  server.on(procedures.domainGetState, (call) => {
    stopped(call.client, guest(1));
    void mayRespond.then(() => call.reply({ state: 1, reason: 1 }));
  });
  void begin();

  const event = await seen.first((one) => one.kind === "event");
  letRespond();
  const snapshot = await seen.first((one) => one.kind === "snapshot");

  assert.ok(event.kind === "event" && snapshot.kind === "snapshot");
  assert.deepEqual(event.event, { kind: "lifecycle", event: "STOPPED", detail: "FAILED" });
  assert.deepEqual([event.number, snapshot.after, snapshot.looks[0]?.after], [1, 0, 0]);
});

test("a lost connection is logged once, and the next one looks at everything again", async (t) => {
  const { server, seen, begin } = await sensing(t, [guest(1)]);
  void begin();
  await seen.first((one) => one.kind === "snapshot");
  stopped(server.clients[0], guest(1));
  await seen.first((one) => one.kind === "event");

  server.drop();
  const again = await seen.first((one) => one.kind === "snapshot" && one.after === 1);

  assert.ok(again);
  assert.deepEqual(
    seen.all.map(({ kind }) => kind),
    ["started", "connected", "looking", "snapshot", "event", "lost", "connected", "looking", "snapshot"],
  );
});

test("each loss is observed, the second one too, and the connection is a condition", async (t) => {
  const { server, seen, monitor, conditions, begin } = await sensing(t, [guest(1)]);
  const times = (kind: string) => seen.all.filter((one) => one.kind === kind).length;
  void begin();
  assert.equal(conditions.all.get("libvirt")?.problem, "not connected yet");
  for (let outage = 1; outage <= 2; outage++) {
    await eventually(
      "the guests are seen",
      60_000,
      () => conditions.all.get("libvirt")?.problem === undefined || undefined,
    );
    assert.equal(monitor.silenceLimitMs?.(), 180_000);
    server.drop();
    await seen.first((one) => one.kind === "lost" && times("lost") === outage);
    assert.equal(monitor.silenceLimitMs?.(), undefined, "its silence means nothing while libvirt is away");
    assert.match(conditions.all.get("libvirt")?.problem ?? "", /libvirt/);
  }
});

test("a look that libvirt refuses ends the connection, with its reason in the log", async (t) => {
  const { server, seen, begin } = await sensing(t, [guest(1)]);
  void begin();
  await seen.first((one) => one.kind === "snapshot");
  server.on(procedures.connectListAllDomains, (call) => call.fail(38, "no driver any more"));

  const lost = await seen.first((one) => one.kind === "lost");

  assert.ok(lost.kind === "lost");
  assert.match(lost.reason, /no driver any more/);
});

test("what a panic is to come to is read from the guest's XML; without a connection nothing is asked", async (t) => {
  const { server, seen, monitor, begin } = await sensing(t, [guest(1)]);
  const asked: InstanceEffect = { kind: "askOnCrash", uuid: guest(1).uuid };
  const results: InstanceObservation[] = [];
  await monitor.act(asked, (one) => results.push(one), new AbortController().signal);
  assert.equal(results.length, 0);

  void begin();
  await seen.first((one) => one.kind === "connected");
  for (const xml of ["<domain>\n  <on_crash>preserve</on_crash>\n</domain>", "<domain/>"]) {
    server.on(procedures.domainGetXmlDesc, (call) => call.reply({ xml }));
    await monitor.act(asked, (one) => results.push(one), new AbortController().signal);
  }

  assert.deepEqual(
    results.map((one) => one.kind === "onCrash" && [one.uuid, one.action]),
    [
      [guest(1).uuid, "preserve"],
      [guest(1).uuid, "destroy"],
    ],
  );
});
