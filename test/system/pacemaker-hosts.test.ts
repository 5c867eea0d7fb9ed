import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ClusterObservation, HostState } from "../../src/host/driver.ts";
import { isOffline } from "./pacemaker/cluster.ts";
import { hostIn, Observer } from "./pacemaker/observer.ts";
import { describeWithCluster } from "./pacemaker/suite.ts";

/** Nothing is noticed in time by polling: what a test observes, events have caused. */
const NEVER = { monitoring_interval: 3600 };

const isState =
  (name: string, state: HostState) =>
  (observation: ClusterObservation): boolean =>
    observation.hosts.some((host) => host.name === name && host.state === state);
const allOnline = ({ hosts, self }: ClusterObservation): boolean =>
  self.stable === "yes" && hosts.length === 4 && hosts.every(({ state }) => state === "online");

/**
 * What the driver reports in each situation on a cluster without fencing, as root on node1 and as an ordinary user under Debian's
 * sudoers on node2.
 */
await describeWithCluster("hosts of a real cluster", { members: 3, remotes: 1 }, (cluster) => {
  let root: Observer;
  let ordinary: Observer;
  before(async () => {
    await cluster().node("node1").must(["/run/checkout/bin/masakari-monitors", "pacemaker-alert", "--register"]);
    cluster().node("node2").allowSudo("debian");
    const packets = { corosync_multicast_interfaces: "eth0", corosync_multicast_ports: 5405 };
    root = Observer.start(cluster().node("node1"), NEVER);
    ordinary = Observer.start(cluster().node("node2"), { monitoring_interval: 1, ...packets }, { user: "nobody" });
    await Promise.all([root, ordinary].map((one) => one.first("all hosts online", allOnline)));
  });
  after(async () => {
    await Promise.all([root, ordinary].map((one) => one.stop()));
  });

  /** Mends everything, and waits until both see all hosts online again. */
  async function restore(): Promise<void> {
    const from = [root.all.length, ordinary.all.length] as const;
    await cluster().restore();
    if (!allOnline(root.last as ClusterObservation)) await root.first("all hosts online again", allOnline, from[0]);
    await ordinary.first("all hosts online again", allOnline, from[1]);
  }

  /** The states that a host had in what was observed from there on. */
  const statesOf = (observer: Observer, from: number, name: string): Set<string> =>
    new Set(
      observer.all
        .slice(from)
        .flatMap(({ hosts }) => hosts.filter((host) => host.name === name).map(({ state }) => state)),
    );

  test("the first look: everything is well, and counting starts with it", () => {
    const [first] = root.all;
    assert.equal(first?.interrupted, true);
    const last = root.last as ClusterObservation;
    assert.deepEqual(
      [last.quorum, last.heartbeat, last.self, last.maintenance, last.fencing],
      ["yes", "heard", { name: "node1", stable: "yes" }, { cluster: "no" }, []],
    );
    assert.deepEqual(
      last.hosts.map(({ name, kind }) => `${name} ${kind}`),
      ["node1 member", "node2 member", "node3 member", "remote1 remote"],
    );
  });

  test("under Debian's sudoers crm_mon and tcpdump suffice; what is missing is named with what it costs", () => {
    const last = ordinary.last as ClusterObservation;
    assert.deepEqual([last.quorum, last.heartbeat, last.self.stable], ["yes", "heard", "yes"]);
    assert.deepEqual(last.problems.map(({ name }) => name).sort(), [
      "Corosync membership",
      "cluster events",
      "controller check",
    ]);
    for (const { problem, consequence } of last.problems) assert.ok(problem !== "" && consequence !== "");
  });

  test("a killed host is offline by a crash, once it has been lost for longer than a respawn where Corosync cannot be asked", async () => {
    const from = [root.all.length, ordinary.all.length] as const;
    const before = hostIn(root.last as ClusterObservation, "node3").incarnation;
    await cluster().node("node3").kill();
    const [seen] = await Promise.all([
      root.first("node3 offline", isState("node3", "offline"), from[0]),
      ordinary.first("node3 offline", isState("node3", "offline"), from[1]),
    ]);
    assert.equal(hostIn(seen, "node3").departure, "crash");
    const first = ordinary.all.slice(from[1]).find((one) => hostIn(one, "node3").state !== "online");
    assert.equal(first && hostIn(first, "node3").state, "unstable");
    await restore();
    assert.notEqual(hostIn(root.last as ClusterObservation, "node3").incarnation, before);
  });

  test("a monitor that starts while a host is down sees it offline, and that this is its first look", async (context) => {
    const from = root.all.length;
    await cluster().node("node3").crash();
    await root.first("node3 offline", isState("node3", "offline"), from);
    const late = Observer.start(cluster().node("node1"), NEVER);
    context.after(() => late.stop());
    const first = await late.first("the first look", () => true);
    assert.equal(first.interrupted, true);
    assert.equal(hostIn(first, "node3").state, "offline");
    await restore();
  });

  test("a partition: the majority sees the host offline, the minority knows nothing of any host", async (context) => {
    const from = root.all.length;
    const alone = Observer.start(cluster().node("node3"), NEVER);
    context.after(() => alone.stop());
    await alone.first("all hosts online", allOnline);
    await cluster().node("node3").isolate();
    const minority = await alone.first("no quorum", ({ quorum }) => quorum === "no");
    assert.deepEqual(new Set(minority.hosts.map(({ state }) => state)), new Set(["unknown"]));
    const seen = await root.first("node3 offline", isState("node3", "offline"), from);
    assert.equal(seen.quorum, "yes");
    for (const { hosts } of alone.all) assert.ok(hosts.every(({ state }) => state !== "offline"));
    assert.ok(alone.all.some(({ heartbeat }) => heartbeat === "silent"));
    await restore();
  });

  test("a host that hangs is offline, and online again when it continues", async () => {
    const from = root.all.length;
    cluster().node("node3").signalAll("SIGSTOP");
    await root.first("node3 offline", isState("node3", "offline"), from);
    await restore();
  });

  test("a clean stop is never a crash", async () => {
    const from = [root.all.length, ordinary.all.length] as const;
    await cluster().node("node3").stop();
    for (const [index, observer] of [root, ordinary].entries()) {
      const seen = await observer.first("node3 offline", isState("node3", "offline"), from[index]);
      assert.equal(hostIn(seen, "node3").departure, "expected");
      const departures = observer.all.slice(from[index]).map((one) => hostIn(one, "node3").departure);
      assert.ok(!departures.includes("crash"));
    }
    await restore();
  });

  test("standby and maintenance, of a node and of the cluster, are reported; a host killed in standby has crashed", async () => {
    const node1 = cluster().node("node1");
    const look = async (doing: string, fits: (observation: ClusterObservation) => boolean): Promise<void> => {
      await ordinary.first(doing, fits, ordinary.all.length);
    };
    const standby = ["crm_attribute", "-t", "nodes", "-N", "node3", "-n", "standby"];
    await node1.must([...standby, "-v", "on"]);
    await look("node3 in standby", (one) => hostIn(one, "node3").standby === "yes");
    const from = root.all.length;
    await cluster().node("node3").kill();
    const seen = await root.first("node3 offline", isState("node3", "offline"), from);
    assert.deepEqual([hostIn(seen, "node3").standby, hostIn(seen, "node3").departure], ["yes", "crash"]);
    await node1.must([...standby, "-D"]);
    await restore();
    const maintenance = ["crm_attribute", "-t", "nodes", "-N", "node3", "-n", "maintenance"];
    await node1.must([...maintenance, "-v", "true"]);
    await look("node3 in maintenance", (one) => hostIn(one, "node3").maintenance === "yes");
    await node1.must([...maintenance, "-D"]);
    await node1.must(["crm_attribute", "-n", "maintenance-mode", "-v", "true"]);
    await look("the cluster in maintenance", (one) => one.maintenance.cluster === "yes");
    await node1.must(["crm_attribute", "-n", "maintenance-mode", "-D"]);
    await look("no maintenance", (one) => one.maintenance.cluster === "no");
  });

  test("the controller of a healthy host is killed again and again: the host is never offline", async () => {
    const from = [root.all.length, ordinary.all.length] as const;
    for (let times = 0; times < 3; times += 1) {
      const { length } = ordinary.all;
      cluster().node("node3").signalAll("SIGKILL", "pacemaker-controld");
      await ordinary.first("a look after it", () => true, length + 1);
    }
    await restore();
    assert.ok(!statesOf(root, from[0], "node3").has("offline"));
    assert.ok(!statesOf(ordinary, from[1], "node3").has("offline"));
  });

  test("a lost remote node is offline, and not on purpose; Pacemaker's alert makes the monitor look", async () => {
    const from = root.all.length;
    await cluster().node("remote1").crash();
    const seen = await root.first("remote1 offline", isState("remote1", "offline"), from);
    assert.notEqual(hostIn(seen, "remote1").departure, "expected");
    await restore();
  });

  test("the member that holds a remote's connection is lost: the remote is never offline", async () => {
    const node1 = cluster().node("node1");
    await node1.must(["crm_resource", "--move", "-r", "remote1", "-N", "node3"]);
    await cluster().until("remote1 to be connected by node3", "node1", (text) =>
      /<resource id="remote1"[^>]*role="Started"[^>]*>\s*<node name="node3"/.test(text),
    );
    const from = [root.all.length, ordinary.all.length] as const;
    await cluster().node("node3").kill();
    await root.first("node3 offline", isState("node3", "offline"), from[0]);
    await cluster().until("remote1 to be connected by another", "node1", (text) =>
      /<resource id="remote1"[^>]*role="Started"[^>]*>\s*<node name="node[12]"/.test(text),
    );
    await node1.must(["crm_resource", "--clear", "-r", "remote1"]);
    await restore();
    assert.ok(!statesOf(root, from[0], "remote1").has("offline"));
    assert.ok(!statesOf(ordinary, from[1], "remote1").has("offline"));
  });

  test("this host's own Corosync hangs: what crm_mon shows is not believed", async (context) => {
    const observer = Observer.start(cluster().node("node1"), { monitoring_interval: 1 });
    context.after(() => observer.stop());
    await observer.first("all hosts online", allOnline);
    cluster().node("node1").signalAll("SIGSTOP", "corosync");
    const seen = await observer.first("Corosync hangs", ({ self }) => self.stable === "no");
    assert.equal(seen.heartbeat, "silent");
    assert.ok(seen.problems.some(({ name }) => name === "Corosync"));
    await restore();
  });

  test("quorum is lost on this side: nothing is known of any host", async () => {
    const from = root.all.length;
    await Promise.all(["node2", "node3"].map((name) => cluster().node(name).kill()));
    const seen = await root.first("no quorum", ({ quorum }) => quorum === "no", from);
    assert.deepEqual(new Set(seen.hosts.map(({ state }) => state)), new Set(["unknown"]));
    await cluster().until("crm_mon to call node3 offline", "node1", (text) => isOffline(text, "node3"));
    assert.ok(!statesOf(root, from, "node3").has("offline"));
  });
});
