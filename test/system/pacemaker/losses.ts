import { test } from "node:test";
import type { Rights } from "./monitors.ts";
import { Stage } from "./stage.ts";
import { describeWithCluster } from "./suite.ts";

const CLUSTER = { members: 3, remotes: 1, fencing: true, management: true };
const monitor = "masakari-hostmonitor";

/** Hosts that are lost and fenced: which monitor notifies what. One file for each kind of rights, so that they run beside each other. */
export async function describeLosses(rights: Rights): Promise<void> {
  await describeWithCluster(`hosts that are lost (${rights})`, CLUSTER, (cluster) => {
    test("a node that is killed is reported once, by the first of the others, when it is fenced", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      await cluster().node("node3").kill();
      await stage.notified("node3 STOPPED NORMAL from node1");
      await stage.known("node3", ["node2"]);
      await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
    });

    test("the link of the first of the others is cut: the second one reports it", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      await cluster().node("node1").cutLink();
      await stage.notified("node1 STOPPED NORMAL from node2");
      await stage.end(["node1 STOPPED NORMAL from node2", "node1 STARTED NORMAL from node2"]);
    });

    test("a node that is killed in standby is reported like any other", async (context) => {
      const node1 = cluster().node("node1");
      const standby = ["crm_attribute", "-t", "nodes", "-N", "node2", "-n", "standby"];
      const stage = await Stage.set(context, cluster(), { rights });
      await node1.must([...standby, "-v", "on"]);
      await cluster().until("node2 in standby", "node1", (text) => /<node name="node2" [^>]*standby="true"/.test(text));
      stage.mark();
      await cluster().node("node2").kill();
      await stage.notified("node2 STOPPED NORMAL from node1");
      await node1.must([...standby, "-D"]);
      await stage.end(["node2 STOPPED NORMAL from node1", "node2 STARTED NORMAL from node1"]);
    });

    test("a remote node that loses its power is reported when it is fenced", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      await cluster().node("remote1").crash();
      await stage.notified("remote1 STOPPED NORMAL from node1");
      await stage.end(["remote1 STOPPED NORMAL from node1", "remote1 STARTED NORMAL from node1"]);
    });

    test("a node that is fenced by a reboot and is back at once is reported down and up again", async (context) => {
      const node1 = cluster().node("node1");
      const action = ["crm_attribute", "-n", "stonith-action", "-v"];
      // Where there are no events, it is gone and back between two looks.
      const stage = await Stage.set(context, cluster(), { rights, host: { monitoring_interval: 25 } });
      await node1.must([...action, "reboot"]);
      stage.mark();
      await cluster().node("node3").kill();
      await stage.notified("node3 STARTED NORMAL from node1");
      await node1.must([...action, "off"]);
      await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
    });

    test("a node that dies while no monitor runs is reported when one is started again", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      for (const name of ["node2", "node3"]) await stage.monitors.of(name).stop("SIGKILL");
      await cluster().node("node1").kill();
      await stage.fenced("node1", "node2");
      stage.mark();
      stage.monitors.launch("node2");
      await stage.notified("node1 STOPPED NORMAL from node2");
      await stage.end(["node1 STOPPED NORMAL from node2", "node1 STARTED NORMAL from node2"]);
    });

    test("the first of the monitors is frozen: the second one reports, and the first does not repeat it", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      cluster().node("node1").signalAll("SIGSTOP", monitor);
      await cluster().node("node3").kill();
      await stage.notified("node3 STOPPED NORMAL from node2");
      cluster().node("node1").signalAll("SIGCONT", monitor);
      await stage.known("node3", ["node1"]);
      // The monitor that reported it down and the first in rank both notify that it is up: the API refuses the second one as a repeat.
      await stage.end(["node3 STOPPED NORMAL from node2", "node3 STARTED NORMAL"], { repeats: 1 });
    });

    test("all monitors are frozen while a node dies: when they continue, it is reported once", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights });
      for (const name of ["node1", "node2"]) cluster().node(name).signalAll("SIGSTOP", monitor);
      await cluster().node("node3").kill();
      await stage.fenced("node3", "node1");
      stage.mark();
      for (const name of ["node1", "node2"]) cluster().node(name).signalAll("SIGCONT", monitor);
      await stage.notified("node3 STOPPED NORMAL from node1");
      await stage.known("node3", ["node2"]);
      await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
    });
  });
}
