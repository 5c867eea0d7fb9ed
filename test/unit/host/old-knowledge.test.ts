import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";

const UP = { node2: "online", node3: "online", node4: "online" } as const;
const LOST = { ...UP, node3: "offline" } as const;

function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions(settings);
  monitor.look(UP);
  monitor.pass(60);
  monitor.look(UP);
  monitor.pass(60);
  return monitor;
}

describe("a host that was fenced and came back between two looks, and is lost again", () => {
  it("keeps the report of its new loss when the first one is 2 minutes old", () => {
    const monitor = watching();
    const history = [fencing("node3", "success", { completedAt: monitor.at.wall })];
    monitor.look(UP, { fencing: history });
    monitor.pass(60);
    monitor.look(LOST, { fencing: history });
    monitor.effects.length = 0;
    monitor.pass(61);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "supersede"), "the report of the new loss is withdrawn");
  });
});

describe("a fencing history that could not be read while a host was online", () => {
  it("reports nothing when it can be read, since each of its events may be old", () => {
    const monitor = new HostDecisions();
    for (let look = 0; look < 3; look += 1) {
      monitor.look(UP, { fencing: undefined });
      monitor.pass(60);
    }
    const history = [fencing("node3", "success", { completedAt: monitor.at.wall - 30_000 })];
    monitor.look(UP, { fencing: history });
    assert.deepEqual(monitor.notified, []);
    // From now on it is known what is new.
    const later = fencing("node3", "success", { id: "later", completedAt: monitor.at.wall });
    monitor.look(UP, { fencing: [later, ...history] });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
  });

  it("does not date a fencing of the future: the clock of the host that noted it is another", () => {
    const monitor = watching();
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall + 3_600_000 })] });
    assert.deepEqual(monitor.notified, []);
    const soon = monitor.at.wall + 5000;
    monitor.look(UP, { fencing: [fencing("node3", "success", { id: "soon", completedAt: soon })] });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
  });

  it("does not date a fencing whose time is not given", () => {
    const monitor = watching();
    monitor.look(UP, { fencing: [fencing("node3", "success")] });
    assert.deepEqual(monitor.notified, []);
  });
});

describe("after this program was suspended", () => {
  it("the power of a lost host is checked again: the earlier result of its BMC is old", () => {
    const monitor = watching();
    monitor.look(LOST, { quorum: "no" });
    monitor.look(LOST);
    assert.ok(monitor.underWay("checkPower"));
    monitor.observe({ kind: "stalled", at: monitor.at, forMs: 20_000 });
    assert.ok(!monitor.underWay("checkPower"), "its result would be of before");
    monitor.pass(2);
    monitor.look(LOST);
    monitor.pass(2);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, []);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });
});

describe("a loss that is over", () => {
  it("no longer costs anything when it counts for no gate any more", () => {
    const monitor = watching({ needsProof: false });
    monitor.look(LOST);
    monitor.pass(60);
    monitor.look(UP);
    assert.equal(monitor.state.troubled.size, 1);
    monitor.pass(3700);
    monitor.look(UP);
    assert.equal(monitor.state.troubled.size, 0);
  });

  it("counts for as long as storm_window, also beyond an hour", () => {
    const monitor = watching({ needsProof: false, storm_window: 7200 });
    for (const name of ["node2", "node3"]) {
      monitor.look({ ...UP, [name]: "offline" });
      monitor.pass(60);
      monitor.look(UP);
      monitor.pass(3000);
    }
    monitor.look({ ...UP, node4: "offline" });
    assert.deepEqual(monitor.holds("node4"), ["storm guard"]);
  });
});

describe("a release", () => {
  it("is logged with its reason when it is given, not again when the monitor starts", () => {
    const monitor = watching();
    const released = { at: monitor.at, reason: "rack 4 is off (root)" };
    const logged = () => monitor.log.filter((line) => line.includes("rack 4 is off (root)")).length;
    monitor.observe({ kind: "orders", at: monitor.at, orders: { released } });
    monitor.observe({ kind: "orders", at: monitor.at, orders: { released } });
    assert.equal(logged(), 1);
    const later = new HostDecisions();
    later.pass(600);
    later.observe({ kind: "orders", at: later.at, orders: { released: { ...released, at: monitor.at } } });
    assert.ok(!later.log.some((line) => line.includes("rack 4")));
  });
});
