import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fencing, HostDecisions, type States } from "../../support/host-cluster.ts";

const UP: States = { node2: "online", node3: "online", node4: "online", node5: "online" };
const LOST: States = { ...UP, node3: "offline" };
const FENCED: States = { ...UP, node3: { state: "offline", departure: "expected" } };

function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions(settings);
  for (let look = 0; look < 4; look += 1) {
    monitor.look(UP);
    monitor.pass(60);
  }
  return monitor;
}

function disarm(monitor: HostDecisions, seconds: number): void {
  const { wall, mono } = monitor.at;
  const until = { wall: wall + seconds * 1000, mono: mono + seconds * 1000 };
  monitor.observe({ kind: "orders", at: monitor.at, orders: { disarmed: { until, reason: "test" } } });
}

describe("what another monitor may have reported while this one was held", () => {
  it("is asked for, whatever the rank", () => {
    for (const result of ["notified", "not notified"] as const) {
      const monitor = watching({ needsProof: false, report_at_once: false });
      disarm(monitor, 300);
      monitor.look(LOST);
      monitor.pass(310);
      assert.deepEqual(monitor.notified, []);
      monitor.endApiCheck(result);
      assert.deepEqual(monitor.notified, result === "notified" ? [] : ["node3 STOPPED NORMAL"]);
    }
  });

  it("is requested again when it was held meanwhile", () => {
    const monitor = watching({ needsProof: false, report_at_once: false, second_witness: true });
    disarm(monitor, 60);
    monitor.look(LOST);
    monitor.pass(65);
    monitor.endWitnessCheck("silent");
    assert.ok(monitor.underWay("checkApi"));
    disarm(monitor, 60);
    monitor.pass(1);
    assert.ok(!monitor.underWay("checkApi"), "its result would be of before it was held");
    monitor.pass(65);
    monitor.endWitnessCheck("silent");
    monitor.endApiCheck("notified");
    assert.deepEqual(monitor.notified, []);
  });

  it("is not what was reported of the failure before", () => {
    const monitor = watching({ needsProof: false, report_at_once: false });
    monitor.look(LOST);
    const first = monitor.at.wall;
    monitor.pass(30);
    monitor.look(UP);
    monitor.pass(30);
    monitor.look(LOST);
    monitor.pass(181);
    const asked = monitor.effects.findLast((effect) => effect.kind === "checkApi");
    assert.ok(asked?.kind === "checkApi" && asked.since > first);
  });
});

describe("a host that was fenced and is back", () => {
  it("is reported once: another monitor may have seen it down", () => {
    const monitor = watching({ report_at_once: false });
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall - 20_000 })] });
    assert.deepEqual(monitor.notified, []);
    monitor.endApiCheck("notified");
    assert.deepEqual(monitor.notified, []);
  });

  it("is not reported when the gate that held it opens later than 2 minutes after", () => {
    const monitor = watching();
    disarm(monitor, 600);
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall })] });
    assert.deepEqual(monitor.holds("node3"), ["disarmed"]);
    monitor.pass(610);
    monitor.look(UP, { fencing: [fencing("node3", "success")] });
    assert.deepEqual(monitor.notified, []);
    assert.deepEqual(monitor.problems, {});
    assert.ok(monitor.log.some((line) => line.includes("up again for 2 minutes: not reported (disarmed)")));
  });
});

describe("a lost host that was seen online for a moment", () => {
  it("is not reported by the proof of before", () => {
    const monitor = watching({ monitoring_samples: 2, report_at_once: true });
    disarm(monitor, 150);
    for (let look = 0; look < 2; look += 1) {
      monitor.look(FENCED, { fencing: [fencing("node3", "success")] });
      monitor.pass(60);
    }
    monitor.look(UP, { fencing: [fencing("node3", "success")] });
    monitor.pass(60);
    monitor.look(LOST, { fencing: [fencing("node3", "success")] });
    assert.deepEqual(monitor.notified, []);
    assert.deepEqual(monitor.holds("node3"), ["stability"]);
  });

  it("is reported when Masakari no longer takes that for a repeat", () => {
    const monitor = watching({ needsProof: false, monitoring_samples: 2, monitoring_interval: 10 });
    const look = (states: States): void => {
      monitor.look(states);
      monitor.pass(10);
    };
    look(LOST);
    look(LOST);
    look(UP);
    look(LOST);
    look(LOST);
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    assert.deepEqual(monitor.holds("node3"), ["repeat"]);
    monitor.pass(181);
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STOPPED NORMAL"]);
  });
});

describe("a loss that was about to be reported when this program was suspended", () => {
  it("is not reported before the cluster has been looked at again", () => {
    const monitor = watching({ needsProof: false, report_at_once: false });
    const UP0 = { node0: "online", ...UP } as const;
    monitor.look(UP0);
    monitor.pass(60);
    monitor.look({ ...UP0, node3: "offline" });
    monitor.observe({ kind: "stalled", at: monitor.at, forMs: 30_000 });
    monitor.pass(10);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "checkApi"));
    assert.deepEqual(monitor.holds("node3"), ["this host"]);
    monitor.look(UP0);
    monitor.pass(60);
    assert.deepEqual(monitor.notified, []);
  });
});
