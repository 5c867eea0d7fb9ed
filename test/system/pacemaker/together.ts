import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "./stage.ts";
import { describeWithCluster } from "./suite.ts";

const CLUSTER = { members: 5, fencing: true, management: true };
const both = ["node4", "node5"] as const;

/** Two hosts die at once, and the BMC of the first answers nothing, as when it lost its power with its host. */
export async function describeTogether(): Promise<void> {
  await describeWithCluster("two hosts are lost at once, the first one's BMC does not answer", CLUSTER, (cluster) => {
    test("the second one's BMC proves it, though the cluster fences one host after another", async (context) => {
      const stage = await Stage.set(context, cluster(), { rights: "root" });
      cluster().bmc("node4").setMode("silent");
      await Promise.all(both.map((name) => cluster().node(name).kill()));
      await stage.notified("node5 STOPPED NORMAL from node1");
      assert.match(await cluster().monitor("node1"), /<node name="node4" [^>]*online="false" [^>]*unclean="true"/);
      cluster().bmc("node4").setMode("ok");
      for (const name of both) await stage.fenced(name, "node1");
      // One after the other, so that their order is known.
      await cluster().node("node5").start();
      await stage.notified("node5 STARTED NORMAL from node1");
      await stage.end([
        "node5 STOPPED NORMAL from node1",
        "node4 STOPPED NORMAL from node1",
        "node5 STARTED NORMAL from node1",
        "node4 STARTED NORMAL from node1",
      ]);
    });
  });
}
