import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GATES } from "../../../src/host/decide/gates.ts";
import type { ClusterObservation } from "../../../src/host/driver.ts";
import { HELD_BY } from "../../../src/status/metrics/counted.ts";
import { fencing, type HostDecisions } from "../../support/host-cluster.ts";
import { all, watching } from "../../support/host-crowd.ts";

describe("a gate", () => {
  const UNTRUSTED: readonly [string, Partial<ClusterObservation>][] = [
    ["without quorum", { quorum: "no" }],
    ["while quorum is not known", { quorum: "unknown" }],
    ["while this host's own part is not stable", { self: { name: "node1", stable: "no" } }],
    ["while that is not known", { self: { name: undefined, stable: "unknown" } }],
  ];
  for (const [when, rest] of UNTRUSTED) {
    it(`reports nothing ${when}, shows that in status, and reports afterwards what is still true`, () => {
      const monitor = watching(4);
      monitor.look({ ...all(4, "online"), node3: "offline" }, rest);
      assert.deepEqual(monitor.notified, []);
      assert.match(JSON.stringify(monitor.problems), /quorum|this host/);
      monitor.look({ ...all(4, "online"), node3: "offline" });
      assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
      assert.deepEqual(monitor.problems, {});
    });
  }

  it("holds for stonith_wait while this host hears from no other, and then reports as upstream does", () => {
    const monitor = watching(1);
    monitor.look(all(1, "offline"), { heartbeat: "silent" });
    assert.deepEqual(monitor.holds("node2"), ["this host"]);
    monitor.pass(20);
    monitor.look(all(1, "offline"), { heartbeat: "silent" });
    assert.deepEqual(monitor.notified, []);
    monitor.pass(15);
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
  });

  it("holds a host that left on purpose, until the cluster fences it", () => {
    const monitor = watching(2, { needsProof: true });
    const stopped = { node2: { state: "offline", departure: "expected" }, node3: "online" } as const;
    monitor.look(stopped);
    assert.deepEqual(monitor.holds("node2"), ["planned work"]);
    assert.match(monitor.problems["planned work"] ?? "", /node2: it left the cluster on purpose/);
    monitor.pass(3600);
    monitor.look(stopped);
    assert.deepEqual(monitor.notified, []);
    monitor.look(stopped, { fencing: [fencing("node2", "success")] });
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
  });

  it("holds while the host or the cluster is in maintenance, but not while the host is on standby", () => {
    const monitor = watching(3);
    monitor.look({ ...all(3, "online"), node2: { state: "offline", departure: "crash", maintenance: "yes" } });
    assert.deepEqual(monitor.holds("node2"), ["planned work"]);
    const crashed = { ...all(3, "online"), node2: { state: "offline", departure: "crash", standby: "yes" } } as const;
    monitor.look(crashed, { maintenance: { cluster: "yes" } });
    assert.deepEqual(monitor.notified, []);
    monitor.look(crashed);
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
  });

  it("holds everything while disarmed, and reports what is still true when that ends", () => {
    const monitor = watching(4);
    const { at } = monitor;
    const until = { wall: at.wall + 600_000, mono: at.mono + 600_000 };
    monitor.observe({ kind: "orders", at, orders: { disarmed: { until, reason: "firmware" } } });
    assert.match(monitor.problems.disarmed ?? "", /firmware/);
    monitor.look({ ...all(4, "online"), node2: "offline", node3: "offline" });
    monitor.pass(300);
    monitor.look({ ...all(4, "online"), node2: "offline" });
    assert.deepEqual(monitor.notified, []);
    monitor.pass(310);
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
    assert.deepEqual(monitor.problems, {});
  });

  it("takes back a report that is undelivered as soon as the host is seen online, established or not", () => {
    const monitor = watching(2, { monitoring_samples: 2 });
    const lost = { node2: "offline", node3: "online" } as const;
    monitor.look(lost);
    monitor.pass(60);
    monitor.look(lost);
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
    monitor.pass(60);
    const effects = monitor.look(all(2, "online"));
    assert.ok(effects.some(({ kind }) => kind === "supersede"));
    // Down again before it was established that it is up: it is reported again when that is no repeat.
    for (let look = 0; look < 3; look += 1) {
      monitor.pass(60);
      monitor.look(lost);
    }
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL", "node2 STOPPED NORMAL"]);
  });
});

it("each gate is counted in the metrics", () => {
  for (const { name } of GATES) assert.ok(HELD_BY.includes(name), name);
});

describe("a host that Masakari would take for another one", () => {
  const host_names = { node2: "node3" };

  it("is not reported, nor is the other, which shows beforehand; a third is", () => {
    const monitor = watching(8, { host_names });
    assert.match(monitor.problems["host names"] ?? "", /^node2, node3: Masakari would take them for one another/);
    monitor.look({ ...all(8, "online"), node2: "offline" });
    assert.deepEqual(monitor.notified, []);
    assert.match(JSON.stringify(monitor.state.hosts.get("node2")?.loss?.holds), /would take it for node3/);
    monitor.look({ ...all(8, "online"), node3: "offline" });
    assert.deepEqual(monitor.notified, []);
    monitor.look({ ...all(8, "online"), node4: "offline" });
    assert.deepEqual(monitor.notified, ["node4 STOPPED NORMAL"]);
  });

  it("may be this host itself", () => {
    const monitor = watching(2, { host_names: { node2: "node1" } });
    assert.match(monitor.problems["host names"] ?? "", /node1, node2/);
  });

  it("is reported once the other is gone from the cluster, or the option is corrected", () => {
    const monitor = watching(3, { host_names });
    const lost = { ...all(3, "online"), node2: "offline" } as const;
    monitor.look(lost);
    monitor.settings = { ...monitor.settings, host_names: {} };
    monitor.observe({ kind: "settingsChanged", at: monitor.at, settings: monitor.settings });
    monitor.look(lost);
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
    assert.deepEqual(monitor.problems, {});
  });

  it("may have its name swapped with that of the other", () => {
    const monitor = watching(2, { host_names: { node2: "node3", node3: "node2" } });
    assert.deepEqual(monitor.problems, {});
    monitor.look({ node2: "offline", node3: "online" });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });
});

describe("losses per hour", () => {
  it("holds a host that is lost again and again", () => {
    const monitor = watching(8);
    for (let loss = 0; loss < 6; loss += 1) {
      monitor.look({ ...all(8, "online"), node2: "offline" });
      monitor.pass(240);
      monitor.look(all(8, "online"));
      monitor.pass(10);
    }
    assert.equal(monitor.notified.filter((one) => one.includes("STOPPED")).length, 3);
    monitor.look({ ...all(8, "online"), node2: "offline" });
    assert.ok(monitor.holds("node2").includes("losses per hour"));
    monitor.pass(3600);
    monitor.look({ ...all(8, "online"), node2: "offline" });
    assert.equal(monitor.notified.filter((one) => one.includes("STOPPED")).length, 4);
  });
});

describe("the same failure again within 180 s", () => {
  it("is reported when Masakari no longer treats it as a repeat, if it is still true", () => {
    const monitor = watching(8);
    const lost = { ...all(8, "online"), node2: "offline" } as const;
    monitor.look(lost);
    monitor.pass(60);
    monitor.look(all(8, "online"));
    monitor.pass(60);
    monitor.look(lost);
    assert.deepEqual(monitor.holds("node2"), ["repeat"]);
    monitor.pass(55);
    assert.equal(monitor.notified.filter((one) => one === "node2 STOPPED NORMAL").length, 1);
    monitor.pass(12);
    assert.equal(monitor.notified.filter((one) => one === "node2 STOPPED NORMAL").length, 2);
  });
});

describe("a program that was stopped for a while", () => {
  it("believes nothing that it saw before, nor the first look after it alone", () => {
    const monitor = watching(4);
    const lost = { ...all(4, "online"), node2: "offline" } as const;
    const before = monitor.at;
    monitor.pass(30);
    const effects = monitor.observe({ kind: "stalled", at: monitor.at, forMs: 30_000 });
    assert.ok(effects.some(({ kind }) => kind === "look"));
    monitor.look(lost, { at: before });
    assert.deepEqual(monitor.notified, []);
    monitor.look(lost);
    assert.deepEqual(monitor.notified, []);
    monitor.pass(1);
    monitor.look(lost);
    // Another monitor may have reported it meanwhile.
    monitor.endApiCheck("not notified", "node2");
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
  });
});

describe("what is counted for the metrics", () => {
  const counted = (monitor: HostDecisions): readonly string[] =>
    monitor.effects.flatMap((one) =>
      one.kind === "count" ? [[one.counter, ...Object.values(one.labels)].join(" ")] : [],
    );

  it("is once how often a gate begins to hold a loss, however long it does", () => {
    const monitor = watching(1);
    monitor.look(all(1, "offline"), { heartbeat: "silent" });
    monitor.pass(10);
    monitor.look(all(1, "offline"), { heartbeat: "silent" });
    assert.deepEqual(counted(monitor), ["gate_holds this host"]);
  });

  it("is every result of a BMC, and the fencing history once where it is proof", () => {
    const monitor = watching(4, { needsProof: true });
    monitor.look({ ...all(4, "online"), node3: "offline" });
    monitor.power("node3", "on");
    monitor.pass(15);
    monitor.power("node3", "off");
    assert.deepEqual(counted(monitor), ["fencing_proof bmc on", "fencing_proof bmc off"]);
    const other = watching(2, { needsProof: true });
    const stopped = { node2: { state: "offline", departure: "expected" }, node3: "online" } as const;
    other.look(stopped, { fencing: [fencing("node2", "success")] });
    other.look(stopped, { fencing: [fencing("node2", "success")] });
    assert.deepEqual(counted(other), ["fencing_proof history off"]);
  });
});
