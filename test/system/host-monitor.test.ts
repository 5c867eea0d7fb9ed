import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import type { Cluster } from "./pacemaker/cluster.ts";
import type { ClusterNode } from "./pacemaker/node.ts";
import { describeWithCluster } from "./pacemaker/suite.ts";

const bin = (program: string): string => `/run/checkout/bin/${program}`;
const node = "/run/checkout/node_modules/.bin/node";
const RUN = { env: { MASAKARI_MONITORS_RUN: process.env.MASAKARI_MONITORS_RUN ?? "source" } };

/** A loss that is like one less than 3 minutes ago is held for as long. */
const SLOWEST_MS = 240_000;
/** The node that runs the API: the other two are lost in the tests. */
const API = "node2";

interface Received {
  readonly hostname: string;
  readonly payload: Readonly<Record<string, string>>;
}

/** What the API has received, in order. */
function received(api: Child): readonly Received[] {
  return linesOf(api).filter((line): line is Received & Record<string, unknown> => "payload" in line);
}

const linesOf = (api: Child): readonly Record<string, unknown>[] =>
  api.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const shown = ({ hostname, payload }: Received): string => `${hostname} ${payload.event} ${payload.host_status}`;

function configFor(on: ClusterNode, address: string): string {
  const file = join(on.folder, "host-monitor.conf");
  writeFileSync(
    file,
    `[DEFAULT]
hostname = ${on.name}
state_path = /run/masakari-state
[api]
auth_url = http://${address}:5000/v3
username = masakari
password = masakari-secret
project_name = service
domain_name = Default
[host]
monitoring_interval = 15
reporter_delay = 3
`,
  );
  return file;
}

/** One host monitor on each node of a real cluster with fencing devices, and the embedded API on one of them. */
await describeWithCluster("the host monitors of a real cluster", { members: 3, fencing: true }, (cluster) => {
  let api: Child;
  const monitors = new Map<string, Child>();
  let seen = 0;

  function launch(on: ClusterNode): string {
    const file = configFor(on, cluster().node(API).address);
    monitors.set(on.name, on.spawn([bin("masakari-hostmonitor"), "--config-file", file], RUN));
    return file;
  }

  async function startMonitor(on: ClusterNode): Promise<void> {
    const file = launch(on);
    await until(`${on.name}'s monitor to see the others online`, async () => {
      const { output } = await on.run([bin("masakari-monitors"), "list", "--config-file", file], RUN);
      return output.match(/\bonline\b/g)?.length === 2;
    });
  }

  /** Waits for the next notification that reads so. */
  async function next(line: string): Promise<void> {
    await until(`the notification ${line}`, () => received(api).slice(seen).map(shown).includes(line));
  }

  /** Waits; what the monitors have logged is part of the failure. */
  async function until(doing: string, look: () => Promise<boolean> | boolean): Promise<void> {
    try {
      await eventually(doing, SLOWEST_MS, async () => (await look()) || undefined, 200);
    } catch (cause) {
      const logs = [...monitors].map(([name, { output }]) => `--- ${name}\n${output.slice(-4000)}`);
      throw new Error([doing, ...received(api).map(shown), ...logs].join("\n"), { cause });
    }
  }

  /** What was notified in this test about lost nodes. */
  const stopped = (): readonly string[] =>
    received(api)
      .slice(seen)
      .map(shown)
      .filter((line) => line.includes("STOPPED"));

  async function statusOf(name: string): Promise<string> {
    const on = cluster().node(name);
    return (
      await on.run([bin("masakari-monitors"), "status", "--config-file", join(on.folder, "host-monitor.conf")], RUN)
    ).output;
  }

  before(async () => {
    const on = cluster().node(API);
    const names = cluster().nodes.map(({ name }) => name);
    api = on.spawn([
      node,
      "--disable-warning=ExperimentalWarning",
      "/run/checkout/test/system/pacemaker/api.ts",
      on.address,
      ...names,
    ]);
    await api.line(/^ready$/m, 60_000);
    await Promise.all(cluster().nodes.map(startMonitor));
  });
  after(async () => {
    await Promise.all([...monitors.values(), api].map((child) => child.stop("SIGKILL")));
  });
  afterEach(async () => {
    try {
      await settle(cluster());
    } finally {
      seen = received(api).length;
    }
  });

  /** Brings every node and its monitor back, and waits until the API has been notified of those that were reported down. */
  async function settle(all: Cluster): Promise<void> {
    await all.restore();
    for (const one of all.nodes) if (monitors.get(one.name)?.running !== true) await startMonitor(one);
    const down = new Set<string>();
    for (const { hostname, payload } of received(api).slice(seen)) {
      if (payload.event === "STOPPED") down.add(hostname);
    }
    for (const name of down) await next(`${name} STARTED NORMAL`);
  }

  test("a node that dies is fenced, and reported once, by the first of the others, with proof", async () => {
    await cluster().node("node3").kill();
    await next("node3 STOPPED NORMAL");
    assert.match(monitors.get("node1")?.output ?? "", /node3 is down: .*; notifying Masakari \(STOPPED, NORMAL\)/);
    await until("node2 to know that node1 has reported it", () =>
      (monitors.get("node2")?.output ?? "").includes("another host monitor has notified Masakari"),
    );
    assert.deepEqual(stopped(), ["node3 STOPPED NORMAL"]);
  });

  test("a node that dies while no monitor runs is reported when one is started again", async () => {
    for (const name of [API, "node3"]) await monitors.get(name)?.stop("SIGKILL");
    await cluster().node("node1").kill();
    await cluster().until("node1 to be fenced", API, (text) => /target="node1"[^>]*status="success"/.test(text));
    launch(cluster().node(API));
    await next("node1 STOPPED NORMAL");
    assert.deepEqual(stopped(), ["node1 STOPPED NORMAL"]);
  });

  test("a node that is stopped on purpose is not reported, and status says so", async () => {
    await cluster().node("node3").stop();
    await until("the stop to be held as planned work", async () =>
      (await statusOf("node1")).includes("node3: it left the cluster on purpose"),
    );
    assert.deepEqual(stopped(), []);
  });

  test("a node that is cut off reports no host; the others report it when it is fenced", async () => {
    const before = monitors.get("node3")?.output.length ?? 0;
    await cluster().node("node3").isolate();
    await next("node3 STOPPED NORMAL");
    assert.deepEqual(stopped(), ["node3 STOPPED NORMAL"]);
    assert.doesNotMatch(monitors.get("node3")?.output.slice(before) ?? "", /notifying Masakari/);
  });

  test("every POST was answered 202: no loss was reported twice", () => {
    const posts = linesOf(api).flatMap(({ post }) => (post === undefined ? [] : [post]));
    assert.ok(posts.length > 0);
    assert.deepEqual(new Set(posts), new Set([202]));
  });
});
