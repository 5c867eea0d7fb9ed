import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ClusterObservation } from "../../src/host/driver.ts";
import { devicesOf, hostIn, Observer } from "./pacemaker/observer.ts";
import { describeWithCluster } from "./pacemaker/suite.ts";

const hasEvent =
  (status: string, byHand = false) =>
  ({ fencing }: ClusterObservation): boolean =>
    fencing?.some((event) => event.target === "node3" && event.status === status && event.byHand === byHand) ?? false;

await describeWithCluster("fencing of a real cluster", { members: 3, remotes: 1, fencing: true }, (cluster) => {
  let observer: Observer;
  before(async () => {
    observer = Observer.start(cluster().node("node1"), { monitoring_interval: 3600 });
    await observer.first("this host settled", ({ self }) => self.stable === "yes");
  });
  after(async () => {
    await observer.stop();
  });

  test("the fencing devices of members and remotes, without their passwords", async () => {
    for (const host of ["node3", "remote1"]) {
      const { devices, problem } = await devicesOf(cluster().node("node1"), host);
      assert.equal(problem, undefined);
      assert.deepEqual(
        devices.map(({ address }) => address),
        [cluster().bmc(host).address],
      );
      assert.doesNotMatch(JSON.stringify(devices), /s3cret/);
    }
  });

  test("the BMC dies with its host: offline by a crash while fencing is pending; an operator's confirmation is marked as such", async () => {
    const from = observer.all.length;
    cluster().bmc("node3").setMode("silent");
    await cluster().node("node3").crash();
    const pending = await observer.first("fencing pending", hasEvent("pending"), from);
    assert.deepEqual([hostIn(pending, "node3").state, hostIn(pending, "node3").departure], ["offline", "crash"]);
    await cluster().node("node1").must(["stonith_admin", "--confirm", "node3"]);
    const confirmed = await observer.first("the confirmation", hasEvent("success", true), from);
    assert.equal(hostIn(confirmed, "node3").state, "offline");
    const events = confirmed.fencing?.filter(({ byHand }) => byHand) ?? [];
    assert.deepEqual(
      events.map(({ requestedBy }) => requestedBy),
      ["person"],
    );
  });
});
