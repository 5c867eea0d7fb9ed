import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { isOnline } from "./cluster.ts";
import type { Rights } from "./monitors.ts";
import type { ClusterNode } from "./node.ts";
import { Stage } from "./stage.ts";
import { describeWithCluster } from "./suite.ts";

const CLUSTER = { members: 3, fencing: true, management: true };
/** Without proof UNKNOWN is notified after 6 s, 12 while fencing is under way. */
const SOON = { ipmi_retry_max: 2, ipmi_retry_interval: 3 };
/** The proof is reported by whichever monitor has it first; if that is the second, both report the return. */
const UNKNOWN_FIRST = ["node3 STOPPED UNKNOWN from node1", "node3 STOPPED NORMAL", "node3 STARTED NORMAL"];

const RESPAWN_MS = 60_000;

const controllerOf = async (node: ClusterNode): Promise<string> =>
  (await node.run(["pidof", "pacemaker-controld"])).output.trim();

/** Hosts that must not be reported, or not yet. One file for each kind of rights, so that they run beside each other. */
export async function describeHolds(rights: Rights): Promise<void> {
  await describeWithCluster(`hosts that are not reported, or later (${rights})`, CLUSTER, (cluster) => {
    test("a partition: the minority reports nothing, though it reaches the API; the majority UNKNOWN while fencing is pending, then NORMAL", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights, host: SOON });
      cluster().bmc("node3").setMode("silent");
      await cluster().node("node3").isolate();
      await stage.logged(["node3"], /this side of the cluster has no quorum/);
      await stage.notified("node3 STOPPED UNKNOWN from node1");
      cluster().bmc("node3").setMode("ok");
      await stage.notified("node3 STOPPED NORMAL");
      await stage.end(UNKNOWN_FIRST, { repeats: 1 });
    });

    test("the BMC dies with its host: UNKNOWN while fencing fails; NORMAL when an operator confirms that it is down", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights, host: SOON });
      cluster().bmc("node3").setMode("silent");
      await cluster().node("node3").crash();
      await stage.notified("node3 STOPPED UNKNOWN from node1");
      const hasFailed = (text: string): boolean => /<fence_event [^>]*target="node3"[^>]*status="failed"/.test(text);
      await cluster().until("fencing to fail", "node1", hasFailed);
      await cluster().node("node1").must(["stonith_admin", "--confirm", "node3"]);
      await stage.notified("node3 STOPPED NORMAL");
      await stage.end(UNKNOWN_FIRST, { repeats: 1 });
    });

    test("a node that hangs and continues before it could be fenced is not reported, and reports nobody", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      cluster().bmc("node3").setMode("silent");
      cluster().node("node3").signalAll("SIGSTOP");
      await stage.logged(["node1", "node2"], /node3 is lost/);
      cluster().node("node3").signalAll("SIGCONT");
      await stage.logged(["node1", "node2"], /node3 is online again/);
      await stage.end([]);
    });

    test("quorum is lost: nothing is reported; when it is back, what is still down and fenced is", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      await Promise.all(["node2", "node3"].map((name) => cluster().node(name).kill()));
      await stage.logged(["node1"], /this side of the cluster has no quorum/);
      stage.nothing();
      stage.mark();
      await cluster().node("node2").start();
      await stage.notified("node3 STOPPED NORMAL from node1");
      await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
    });

    test("a node that is stopped on purpose is held as planned work, and status shows it", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      await cluster().node("node3").stop();
      await stage.logged(["node1", "node2"], /node3 is lost but not reported \(planned work\)/);
      await stage.shown("node1", /node3: it left the cluster on purpose/);
      await stage.end([]);
    });

    test("a node that is killed while the cluster is in maintenance is reported when the maintenance ends", async (context) => {
      const node1 = cluster().node("node1");
      const maintenance = ["crm_attribute", "-n", "maintenance-mode"];
      const stage = await Stage.set(context, cluster(), { rights });
      await node1.must([...maintenance, "-v", "true"]);
      await cluster().node("node3").kill();
      await stage.logged(["node1", "node2"], /\(planned work\): the whole cluster is in maintenance/);
      stage.nothing();
      stage.mark();
      await node1.must([...maintenance, "-D"]);
      await stage.notified("node3 STOPPED NORMAL from node1");
      await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
    });

    test("a node that was down before any monitor ran is shown, and not reported", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights, noMonitors: true });
      await cluster().node("node3").kill();
      await stage.fenced("node3", "node1");
      await stage.monitors.start(["node1", "node2"]);
      await stage.logged(["node1", "node2"], /node3 is down, and was already when first seen/);
      await stage.shown("node1", /node3: down since before/);
      stage.nothing();
      await stage.end(["node3 STARTED NORMAL from node1"]);
    });

    test("the controller of a healthy node is killed again and again: the node is never reported", async (context) => {
      const node1 = cluster().node("node1");
      const stonith = ["crm_attribute", "-n", "stonith-enabled", "-v"];
      const stage = await Stage.set(context, cluster(), { rights, host: { monitoring_interval: 1 } });
      // With fencing the cluster would make it true.
      await node1.must([...stonith, "false"]);
      for (let times = 0; times < 3; times += 1) {
        const before = await controllerOf(cluster().node("node3"));
        cluster().node("node3").signalAll("SIGKILL", "pacemaker-controld");
        await eventually("a new controller of node3", RESPAWN_MS, async () => {
          const now = await controllerOf(cluster().node("node3"));
          return now !== "" && now !== before ? now : undefined;
        });
        await cluster().until("node3 to be online", "node1", (text) => isOnline(text, "node3"));
      }
      await node1.must([...stonith, "true"]);
      await stage.end([]);
    });
  });
}
