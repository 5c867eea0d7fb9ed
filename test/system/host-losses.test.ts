import { test } from "node:test";
import { Stage } from "./pacemaker/stage.ts";
import { describeWithCluster } from "./pacemaker/suite.ts";

const CLUSTER = { members: 3, remotes: 1, fencing: true, management: true };

await describeWithCluster("hosts that are lost", CLUSTER, (cluster) => {
  test("a node that is killed is reported by the first of the others, when it is fenced", async (context) => {
    const stage = await Stage.set(context, cluster());
    stage.mark();
    await cluster().node("node3").kill();
    await stage.notified("node3 STOPPED NORMAL from node1");
    await stage.known("node3", ["node2"]);
    await stage.end(["node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1"]);
  });

  test("a remote node that loses its power is reported when it is fenced", async (context) => {
    const stage = await Stage.set(context, cluster());
    stage.mark();
    await cluster().node("remote1").crash();
    await stage.notified("remote1 STOPPED NORMAL from node1");
    await stage.known("remote1", ["node2", "node3"]);
    await stage.end(["remote1 STOPPED NORMAL from node1", "remote1 STARTED NORMAL from node1"]);
  });
});
