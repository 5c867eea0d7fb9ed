import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ReportedLoss } from "../../../../src/host/host-api.ts";
import { MasakariHosts } from "../../../../src/host/masakari/masakari-hosts.ts";
import { createSession } from "../../../../src/openstack/create-session.ts";
import { MasakariClient } from "../../../../src/openstack/masakari.ts";
import { SegmentHosts } from "../../../../src/openstack/segment-hosts.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { startFor } from "../../../support/control-plane.ts";
import { KeptLog } from "../../../support/kept-log.ts";

const signal = new AbortController().signal;
const options = { signal };

async function site(t: TestContext) {
  const { keystoneUrl } = await startFor(t);
  const api = {
    auth_type: "password",
    auth_url: keystoneUrl,
    username: "masakari",
    password: "masakari-secret",
    project_name: "service",
    user_domain_name: "Default",
    project_domain_name: "Default",
  };
  const session = await createSession(api, { userAgent: "test", clock: systemClock, log: new KeptLog() });
  t.after(() => session.close());
  const client = new MasakariClient(session);
  for (const [name, hosts] of [
    ["rack-a", ["comp1", "comp2"]],
    ["rack-b", ["comp3"]],
  ] as const) {
    const segment = await client.createSegment({ name, recovery_method: "auto", service_type: "COMPUTE" }, options);
    for (const host of hosts) {
      await client.createHost(segment.uuid, { name: host, type: "COMPUTE", control_attributes: "SSH" }, options);
    }
  }
  const parts = { client: () => client, clock: systemClock };
  const create = () => new MasakariHosts({ ...parts, segmentHosts: new SegmentHosts(parts) });
  return { client, create, hosts: create() };
}

const isNotified = async (hosts: MasakariHosts, loss: ReportedLoss): Promise<boolean> =>
  (await hosts.findReport(loss, signal)).isNotified;

const notification = (hostname: string, host_status: string, generated: number, event = "STOPPED") => ({
  type: "COMPUTE_HOST",
  hostname,
  generated_time: `${new Date(generated).toISOString().slice(0, -1)}000`,
  payload: { event, cluster_status: event === "STOPPED" ? "OFFLINE" : "ONLINE", host_status },
});

test("a segment that is deleted between two pages of the list does not end it", async (t) => {
  const { client } = await site(t);
  const deleted: string[] = [];
  const listSegments: MasakariClient["listSegments"] = async (query, call) => {
    const page = await client.listSegments(query, call);
    const last = page.at(-1);
    if (last !== undefined && deleted.length === 0) {
      deleted.push(last.name);
      await client.deleteSegment(last.uuid, options);
    }
    return page;
  };
  const listHosts: MasakariClient["listHosts"] = async (...call) => await client.listHosts(...call);
  const segmentHosts = new SegmentHosts({ client: () => ({ listSegments, listHosts }), clock: systemClock });
  const known = await segmentHosts.readAll(signal, { isUrgent: true });
  assert.deepEqual(deleted, ["rack-a"]);
  assert.deepEqual([...known.keys()], ["comp3"]);
});

test("the hosts of all segments are known by the names that Masakari has for them", async (t) => {
  const { hosts } = await site(t);
  const names = async (watched: readonly string[]) =>
    (await hosts.segmentHosts(watched, signal)).hosts.map(({ name }) => name).sort();
  assert.deepEqual(await names([]), ["comp1", "comp2", "comp3"]);
  assert.deepEqual(await names(["comp3"]), ["comp1", "comp2", "comp3"]);
});

test("a loss counts as notified by a STOPPED of that host that was generated since, with NORMAL or the same status", async (t) => {
  const { client, create, hosts } = await site(t);
  const now = Date.now() - 3000;
  const ask = (hostname: string, status: "NORMAL" | "UNKNOWN", since: number) =>
    isNotified(create(), { hostname, status, since, lostAt: now });

  assert.equal(await isNotified(hosts, { hostname: "comp1", status: "NORMAL", since: now - 1000, lostAt: now }), false);
  await client.createNotification(notification("comp1", "UNKNOWN", now), options);
  assert.equal(await ask("comp1", "NORMAL", now - 1000), false);
  assert.equal(await ask("comp1", "UNKNOWN", now - 1000), true);
  assert.equal(await ask("comp3", "UNKNOWN", now - 1000), false);
  await client.createNotification(notification("comp3", "NORMAL", now), options);
  assert.equal(await ask("comp3", "UNKNOWN", now - 1000), true);
  assert.equal(await ask("comp3", "NORMAL", now - 1000), true);
  assert.equal(await ask("comp3", "NORMAL", now + 1000), false, "that one is of an earlier loss");
});

test("a host that comes up is not a report of a loss", async (t) => {
  const { client, hosts } = await site(t);
  const now = Date.now();
  await client.createNotification(notification("comp2", "NORMAL", now, "STARTED"), options);
  assert.equal(await isNotified(hosts, { hostname: "comp2", status: "NORMAL", since: now - 1000, lostAt: now }), false);
});

test("two losses of one moment share a request, and when the check of one is cancelled the other still has its result", async (t) => {
  const { client, hosts } = await site(t);
  const now = Date.now();
  await client.createNotification(notification("comp3", "NORMAL", now), options);
  await hosts.segmentHosts([], signal);
  const cancelled = new AbortController();
  const loss = { hostname: "comp3", status: "NORMAL", since: now - 1000, lostAt: now } as const;
  const results = [hosts.findReport(loss, cancelled.signal), hosts.findReport(loss, signal)];
  cancelled.abort(new Error("it is online again"));
  const [first, second] = await Promise.allSettled(results);
  assert.equal(first?.status, "rejected");
  assert.deepEqual(second, { status: "fulfilled", value: { isNotified: true } });
});

test("what was reported before the host came up again is not about the present loss; a return after that loss does not end it", async (t) => {
  const { client, create } = await site(t);
  const now = Date.now();
  const since = now - 600_000;
  const find = (lostAt: number) => create().findReport({ hostname: "comp1", status: "NORMAL", since, lostAt }, signal);
  await client.createNotification(notification("comp1", "NORMAL", now - 500_000), options);
  assert.deepEqual(await find(now - 200_000), { isNotified: true });
  await client.createNotification(notification("comp1", "NORMAL", now - 300_000, "STARTED"), options);
  const upAgainAt = now - 300_000;
  assert.deepEqual(await find(now - 200_000), { isNotified: false, upAgainAt }, "it was up 100 s before it was lost");
  assert.deepEqual(
    await find(now - 400_000),
    { isNotified: true },
    "it came up after this loss: others have seen it already",
  );
  await client.createNotification(notification("comp1", "NORMAL", now - 100_000), options);
  assert.deepEqual(await find(now - 200_000), { isNotified: true });
});

test("in shadow mode nobody counts as having reported a host, whatever Masakari has", async (t) => {
  const { client, hosts } = await site(t);
  const now = Date.now();
  await client.createNotification(notification("comp3", "NORMAL", now), { signal });
  const loss = { hostname: "comp3", since: now - 1000, lostAt: now, status: "NORMAL" } as const;
  assert.equal(await isNotified(hosts, loss), true);
  const segmentHosts = new SegmentHosts({ client: () => client, clock: systemClock });
  const parts = { client: () => client, segmentHosts, clock: systemClock };
  const shadow = new MasakariHosts({ ...parts, isShadow: () => true });
  assert.equal(await isNotified(shadow, loss), false);
});
