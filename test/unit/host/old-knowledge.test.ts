import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";
import { lookTwice } from "../../support/host-restart.ts";

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

describe("a fencing history that is empty for some seconds, as after Pacemaker was started on this host", () => {
  const LEFT = { ...UP, node3: { state: "offline", departure: "expected" } } as const;

  it("makes no old fencing a new one: a host that leaves on purpose then is not reported", () => {
    for (const meanwhile of [[], [fencing("node4", "success", { id: "another" })]]) {
      const monitor = watching();
      const old = fencing("node3", "success", { completedAt: monitor.at.wall - 86_400_000 });
      monitor.look(UP, { fencing: [old] });
      monitor.pass(60);
      monitor.look(UP, { fencing: meanwhile, interrupted: true });
      monitor.pass(40);
      monitor.look(LEFT, { fencing: [...meanwhile, old] });
      monitor.pass(600);
      assert.deepEqual(monitor.notified, []);
      assert.deepEqual(monitor.holds("node3"), ["planned work"]);
      const again = fencing("node3", "success", { id: "again", completedAt: monitor.at.wall });
      monitor.look(LEFT, { fencing: [again, ...meanwhile, old] });
      assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    }
  });

  it("is not whole when it is first read: what it lacked then is neither a return nor proof of a loss", () => {
    for (const hosts of [UP, LEFT]) {
      const monitor = new HostDecisions();
      lookTwice(monitor, UP);
      monitor.pass(hosts === UP ? 5 : 30);
      const old = ["node2", "node3", "node4"].map((name, index) =>
        fencing(name, "success", { completedAt: monitor.at.wall - 60_000 * (index + 1) }),
      );
      monitor.look(hosts, { fencing: old });
      monitor.pass(60);
      monitor.look(hosts, { fencing: old });
      monitor.pass(60);
      assert.deepEqual(monitor.holds("node3"), hosts === UP ? [] : ["planned work"]);
      assert.deepEqual(monitor.holds("node2"), []);
      const again = fencing("node3", "success", { id: "again", completedAt: monitor.at.wall });
      monitor.look(LEFT, { fencing: [again, ...old] });
      assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    }
  });

  it("is remembered within bounds", () => {
    const monitor = watching();
    for (let index = 0; index < 100; index += 1) {
      monitor.look(UP, { fencing: [fencing("node3", "success", { id: `${index}`, completedAt: 0 })] });
    }
    assert.equal(monitor.state.hosts.get("node3")?.knownFencing?.length, 40);
    assert.equal(monitor.state.hosts.get("node3")?.knownFencing?.[0], "99");
  });
});

describe("a host that was fenced, came back unseen and is lost again while something holds its report", () => {
  it("is not proven to be down by that fencing", () => {
    const monitor = watching();
    monitor.look(LOST);
    const history = [fencing("node3", "success", { completedAt: monitor.at.wall })];
    const gone = { ...UP, node3: { state: "offline", departure: "expected" } } as const;
    monitor.look(gone, { fencing: history, maintenance: { cluster: "yes" } });
    monitor.pass(300);
    monitor.look(LOST, { fencing: history });
    monitor.pass(300);
    assert.deepEqual(monitor.notified, []);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
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
  it("counts for no loss after it, although the clock was set back in between, and for those before it if it was set forward", () => {
    const three = { ...UP, node2: "offline", node3: "offline", node4: "offline" } as const;
    for (const step of [-3_600_000, 3_600_000]) {
      const monitor = watching({ needsProof: false });
      const release = () =>
        monitor.observe({ kind: "orders", at: monitor.at, orders: { released: { at: monitor.at, reason: "test" } } });
      if (step > 0) monitor.look(three, { maintenance: { cluster: "yes" } });
      monitor.pass(10);
      release();
      monitor.setClock(step);
      monitor.look(step > 0 ? three : UP);
      monitor.pass(10);
      monitor.look(three);
      assert.equal(monitor.notified.length, step > 0 ? 3 : 0, `set by ${step} ms`);
      if (step < 0) assert.deepEqual(monitor.holds("node3"), ["storm guard"]);
    }
  });

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
