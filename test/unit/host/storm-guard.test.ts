import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostDecisions } from "../../support/host-cluster.ts";
import { all, names, watching } from "../../support/host-crowd.ts";

function release(monitor: HostDecisions): void {
  const { at } = monitor;
  monitor.observe({ kind: "orders", at, orders: { released: { at, reason: "rack B burns" } } });
}

describe("the storm guard", () => {
  it("holds everything when more than half of the hosts are lost at once", () => {
    const monitor = watching(6);
    monitor.look({ ...all(6, "offline"), node2: "online", node3: "online" });
    assert.deepEqual(monitor.notified, []);
    assert.deepEqual(monitor.holds("node5"), ["storm guard"]);
    assert.match(monitor.problems["storm guard"] ?? "", /node4, node5, node6, node7: 4 hosts/);
  });

  it("counts hosts that are lost one after the other, and those that have come back", () => {
    const monitor = watching(6);
    const reported: string[] = [];
    for (const [index, name] of names(6).entries()) {
      monitor.look({ ...all(6, "online"), [name]: "offline" });
      reported.push(`${name} ${index}`);
      monitor.pass(20);
    }
    assert.equal(monitor.notified.filter((one) => one.includes("STOPPED")).length, 3);
  });

  it("counts those that are lost by the next look, but not what was only missing for one", () => {
    const late = watching(6, { monitoring_samples: 2 });
    const first = { ...all(6, "online"), node2: "offline" } as const;
    late.look(first);
    late.pass(60);
    const storm = { ...first, node3: "offline", node4: "offline", node5: "offline" } as const;
    late.look(storm);
    assert.deepEqual(late.holds("node2"), ["storm guard"]);
    late.pass(60);
    late.look(storm);
    assert.deepEqual(late.notified, []);
    const passing = watching(6, { monitoring_samples: 2 });
    passing.look(first);
    passing.pass(60);
    passing.look(storm);
    passing.pass(5);
    passing.look(first);
    assert.deepEqual(passing.notified, ["node2 STOPPED NORMAL"]);
  });

  it("counts them by the time that has passed, also when the clock is set in between", () => {
    for (const step of [3_600_000, -3_600_000]) {
      const monitor = watching(6);
      for (const name of names(6)) {
        monitor.look({ ...all(6, "online"), [name]: "offline" });
        monitor.pass(20);
        monitor.setClock(step);
      }
      assert.equal(monitor.notified.filter((one) => one.includes("STOPPED")).length, 3, `step ${step} ms`);
    }
    const later = watching(6);
    for (const name of names(6)) {
      later.look({ ...all(6, "online"), [name]: "offline" });
      later.pass(700);
      later.setClock(-700_000);
    }
    assert.equal(later.notified.filter((one) => one.includes("STOPPED")).length, 6, "each is long ago");
  });

  it("is released by an order that is later than the losses, also if the clock was set back in between", () => {
    const monitor = watching(6);
    const storm = { ...all(6, "offline"), node2: "online" } as const;
    monitor.look(storm);
    monitor.pass(10);
    monitor.setClock(-3_600_000);
    monitor.look(storm);
    monitor.pass(10);
    monitor.observe({
      kind: "orders",
      at: monitor.at,
      orders: { released: { at: monitor.at, reason: "they are down" } },
    });
    assert.equal(monitor.notified.length, 5);
  });

  it("does not take three of ten for a storm, nor two of three", () => {
    const ten = watching(10);
    ten.look({ ...all(10, "online"), node2: "offline", node3: "offline", node4: "offline" });
    assert.equal(ten.notified.length, 3);
    const three = watching(3);
    three.look({ node2: "offline", node3: "offline", node4: "online" });
    assert.equal(three.notified.length, 2);
  });

  it("goes on for as long as so many are down, also beyond its window", () => {
    const monitor = watching(6);
    for (let minute = 0; minute < 60; minute += 1) {
      monitor.look({ ...all(6, "offline"), node2: "online" });
      monitor.pass(60);
    }
    assert.deepEqual(monitor.notified, []);
  });

  it("ends when the cluster has recovered, and reports what is still lost", () => {
    const monitor = watching(6);
    monitor.look({ ...all(6, "offline"), node2: "online" });
    monitor.pass(60);
    monitor.look({ ...all(6, "online"), node2: "offline" });
    assert.deepEqual(monitor.notified, []);
    monitor.pass(660);
    monitor.look({ ...all(6, "online"), node2: "offline" });
    assert.deepEqual(monitor.notified, ["node2 STOPPED NORMAL"]);
  });

  it("lets an operator release what it holds, but not what is lost later", () => {
    const monitor = watching(6);
    const lost = { ...all(6, "offline"), node2: "online", node3: "online" } as const;
    monitor.look(lost);
    monitor.pass(60);
    release(monitor);
    assert.equal(monitor.notified.length, 4);
    monitor.pass(60);
    monitor.look({ ...lost, node3: "offline" });
    assert.equal(monitor.notified.length, 4);
    assert.deepEqual(monitor.holds("node3"), ["storm guard"]);
  });

  it("counts hosts that were released and are left down for its window only: then another one is reported", () => {
    const monitor = watching(6);
    const lost = { ...all(6, "offline"), node2: "online", node3: "online" } as const;
    monitor.look(lost);
    monitor.pass(60);
    release(monitor);
    monitor.pass(700);
    monitor.look(lost);
    monitor.look({ ...lost, node3: "offline" });
    assert.deepEqual(monitor.holds("node3"), []);
    assert.equal(monitor.notified.length, 5);
  });

  it("can be switched off", () => {
    const monitor = watching(6, { storm_ratio: 0 });
    monitor.look(all(6, "offline"));
    assert.equal(monitor.notified.length, 6);
  });
});
