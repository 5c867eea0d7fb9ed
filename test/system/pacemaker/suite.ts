import { after, before, describe } from "node:test";
import { Cluster, type ClusterOptions } from "./cluster.ts";
import { missingForPacemaker } from "./packages.ts";

/** A `describe` whose tests share one real cluster; skipped, with the reason, where it cannot run. */
export async function describeWithCluster(
  name: string,
  options: ClusterOptions,
  define: (cluster: () => Cluster) => void,
): Promise<void> {
  const skip = await missingForPacemaker();
  describe(name, { skip }, () => {
    let cluster: Cluster | undefined;
    before(async () => {
      cluster = await Cluster.start(options);
    });
    after(async () => {
      await cluster?.stop();
    });
    define(() => {
      if (cluster === undefined) throw new Error("the cluster is not up");
      return cluster;
    });
  });
}
