import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { delayOf } from "../../../src/host/decide/reporters.ts";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";

/** The decisions on node1, which is after node0 and before node2, once node0 and node3 have been seen up. */
function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions({ needsProof: false, report_at_once: false, ...settings });
  const up = { node0: "online", node2: "online", node3: "online" } as const;
  for (let look = 0; look < 2; look += 1) {
    monitor.look(up);
    monitor.pass(60);
  }
  return monitor;
}

describe("of the host monitors that see a loss", () => {
  it("the first online host reports at once", () => {
    const monitor = watching();
    monitor.look({ node0: "offline", node2: "online", node3: "online" });
    assert.deepEqual(monitor.notified, ["node0 STOPPED NORMAL"]);
  });

  it("the first asks whether it is known if it saw the loss so late that the API would store a repeat", () => {
    const up = { node2: "online", node3: "online" } as const;
    for (const [seconds, asks] of [
      [60, false],
      [150, true],
    ] as const) {
      const monitor = new HostDecisions({ needsProof: false, report_at_once: false, monitoring_samples: 2 });
      for (let look = 0; look < 3; look += 1) {
        monitor.look(up);
        monitor.pass(60);
      }
      monitor.look({ ...up, node3: "offline" });
      monitor.pass(seconds);
      monitor.look({ ...up, node3: "offline" });
      assert.equal(monitor.underWay("checkApi") !== undefined, asks, `${seconds} s`);
      if (asks) monitor.endApiCheck("notified");
      assert.deepEqual(monitor.notified, asks ? [] : ["node3 STOPPED NORMAL"]);
    }
  });

  it("the next waits, and does not report what is known by then", () => {
    const monitor = watching();
    const lost = { node0: "online", node2: "online", node3: "offline" } as const;
    monitor.look(lost);
    monitor.pass(4);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "checkApi"));
    monitor.pass(1);
    monitor.endApiCheck("notified");
    assert.deepEqual(monitor.notified, []);
    // The first in rank reports it up again, too.
    monitor.pass(300);
    monitor.look({ ...lost, node3: "online" });
    assert.deepEqual(monitor.notified, []);
    // And the next loss is a new one.
    monitor.pass(300);
    monitor.look(lost);
    monitor.pass(5);
    monitor.endApiCheck("not notified");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("only the first reports up a host that was down at first sight", () => {
    for (const [first, notified] of [
      ["online", []],
      ["offline", ["node3 STARTED NORMAL"]],
    ] as const) {
      const monitor = new HostDecisions({ needsProof: false, report_at_once: false });
      for (let look = 0; look < 2; look += 1) {
        monitor.look({ node0: first, node3: "offline" });
        monitor.pass(60);
      }
      monitor.look({ node0: first, node3: "online" });
      assert.deepEqual(monitor.notified, notified);
    }
  });

  it("the next reports if the first did not, or the API does not answer", () => {
    for (const value of ["not notified", "unknown"] as const) {
      const monitor = watching();
      monitor.look({ node0: "online", node2: "online", node3: "offline" });
      monitor.pass(5);
      monitor.endApiCheck(value);
      assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    }
  });

  it("the next asks again once there is proof: that the first has notified UNKNOWN is not enough then", () => {
    const monitor = watching({ needsProof: true, ipmi_retry_max: 0 });
    const lost = { node0: "online", node2: "online", node3: "offline" } as const;
    monitor.look(lost);
    monitor.power("node3", "unknown");
    monitor.pass(5);
    assert.equal(monitor.underWay("checkApi")?.status, "UNKNOWN");
    const fenced = { ...lost, node3: { state: "offline", departure: "expected" } } as const;
    monitor.look(fenced, { fencing: [fencing("node3", "success")] });
    assert.equal(monitor.underWay("checkApi")?.status, "NORMAL");
    monitor.endApiCheck("not notified");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("a check at the API is cancelled when this monitor becomes the first and reports without it", () => {
    const monitor = watching();
    monitor.look({ node0: "online", node2: "online", node3: "offline" });
    monitor.pass(5);
    assert.ok(monitor.underWay("checkApi"));
    monitor.look({ node0: "unknown", node2: "online", node3: "offline" });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    assert.ok(!monitor.underWay("checkApi"));
  });

  it("each reports at once if the operator wants that, as upstream does", () => {
    const monitor = watching({ report_at_once: true });
    monitor.look({ node0: "online", node2: "online", node3: "offline" });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("no monitor reports a host that is back before its turn", () => {
    const monitor = watching();
    monitor.look({ node0: "online", node2: "online", node3: "offline" });
    monitor.pass(2);
    monitor.look({ node0: "online", node2: "online", node3: "online" });
    monitor.pass(60);
    assert.deepEqual(monitor.notified, []);
  });

  it("each waits longer than those before it, and all of a thousand have had their turn before the API would take a repeat for a new failure", () => {
    const delays = Array.from({ length: 1000 }, (_, rank) => delayOf(rank, 5));
    assert.deepEqual(delays.slice(0, 7), [0, 5, 10, 20, 40, 45, 50]);
    for (const [rank, delay] of delays.slice(1, 21).entries()) assert.ok(delay > (delays[rank] ?? 0));
    assert.ok(Math.max(...delays) < 180);
    const atOnce = Math.max(
      ...Map.groupBy(delays, (delay) => delay)
        .values()
        .map(({ length }) => length),
    );
    assert.ok(atOnce <= 25, `${atOnce} of them query the API in the same second`);
  });
});

describe("the second witness", () => {
  it("holds a report while Nova still hears from the host, and shows it", () => {
    const monitor = watching({ second_witness: true });
    monitor.look({ node0: "offline", node2: "online", node3: "online" });
    monitor.pass(20);
    assert.deepEqual(monitor.notified, []);
    for (let asked = 0; asked < 3; asked += 1) {
      monitor.endWitnessCheck("alive");
      monitor.pass(11);
      // Nova is queried again, and until it answers the hold stays as it was.
      assert.deepEqual(monitor.holds("node0"), ["second witness"]);
      assert.match(monitor.problems["second witness"] ?? "", /node0: as asked/);
    }
    const held = monitor.log.filter((line) => line.startsWith("node0 is lost but not reported (second witness)"));
    assert.equal(held.length, 1);
    monitor.endWitnessCheck("silent");
    // Meanwhile another monitor may have reported it.
    monitor.endApiCheck("not notified");
    assert.deepEqual(monitor.notified, ["node0 STOPPED NORMAL"]);
  });

  it("does not keep a report back when Nova does not answer", () => {
    const monitor = watching({ second_witness: true });
    monitor.look({ node0: "offline", node2: "online", node3: "online" });
    monitor.pass(20);
    monitor.endWitnessCheck("unknown");
    assert.deepEqual(monitor.notified, ["node0 STOPPED NORMAL"]);
  });

  it("is asked when a live host's next heartbeat would have reached Nova, not before", () => {
    const monitor = watching({ second_witness: true });
    monitor.look({ node0: "offline", node2: "online", node3: "online" });
    monitor.pass(19);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "checkWitness"));
    monitor.pass(1);
    assert.ok(monitor.effects.some(({ kind }) => kind === "checkWitness"));
  });

  it("is not asked unless the operator wants it", () => {
    const monitor = watching();
    monitor.look({ node0: "offline", node2: "online", node3: "online" });
    assert.ok(!monitor.effects.some(({ kind }) => kind === "checkWitness"));
  });
});
