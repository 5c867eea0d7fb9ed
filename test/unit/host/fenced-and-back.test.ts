import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";
import { lookTwice, restarted, UP, watching } from "../../support/host-restart.ts";

describe("a host that was fenced and is back between two looks", () => {
  it("is reported down and up again", () => {
    const monitor = watching({ needsProof: true });
    const history = [fencing("node3", "success", { completedAt: monitor.at.wall - 20_000 })];
    monitor.look(UP, { fencing: history });
    monitor.pass(60);
    monitor.look(UP, { fencing: history });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
  });

  it("is not reported again if it was reported before the cluster could fence it", () => {
    const monitor = watching({ needsProof: true });
    const lastLook = monitor.at.wall - 60_000;
    const after = restarted(monitor, 600);
    after.look(UP, { fencing: [fencing("node3", "success", { completedAt: after.at.wall - 100_000 })] });
    const asked = after.underWay("checkApi", "node3");
    assert.ok(asked !== undefined && asked.since <= lastLook);
    after.endApiCheck("notified");
    assert.deepEqual(after.notified, []);
  });

  it("is not reported at once, but checked at Masakari, if the history shows it late", () => {
    const before = watching({ needsProof: true });
    const lastLook = before.at.wall - 60_000;
    const monitor = restarted(before, 600);
    const completedAt = monitor.at.wall - 100_000;
    lookTwice(monitor, UP);
    monitor.pass(10);
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt })] });
    assert.deepEqual(monitor.notified, []);
    const asked = monitor.underWay("checkApi", "node3");
    assert.ok(asked !== undefined && asked.since <= lastLook, "it may have been reported before it was fenced");
    monitor.endApiCheck("notified");
    assert.deepEqual(monitor.notified, []);
  });

  it("is not reported when it has been seen up for 2 minutes, also if the history shows it late", () => {
    for (const seconds of [50, 130]) {
      const monitor = restarted(watching({ needsProof: true }), 300);
      const completedAt = monitor.at.wall - 100_000;
      lookTwice(monitor, UP);
      monitor.pass(seconds);
      monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt })] });
      assert.equal(monitor.state.hosts.get("node3")?.loss !== undefined, seconds < 120);
      monitor.pass(75);
      assert.equal(monitor.state.hosts.get("node3")?.loss, undefined);
      assert.deepEqual(monitor.notified, []);
    }
  });

  it("is proven to be down by its next fencing, also if the clock of the host that notes it is behind", () => {
    const monitor = watching({ needsProof: true });
    monitor.look({ ...UP, node3: "offline" });
    monitor.power("node3", "off");
    monitor.pass(200);
    monitor.look(UP);
    monitor.pass(20);
    const left = { ...UP, node3: { state: "offline", departure: "expected" } } as const;
    monitor.look(left, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall - 50_000 })] });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL", "node3 STOPPED NORMAL"]);
  });

  it("is not reported again by a fencing of the loss that is over, if the history shows it late", () => {
    const before = watching({ needsProof: true, report_at_once: false });
    before.look({ ...UP, node3: "offline" });
    before.power("node3", "off");
    const completedAt = before.at.wall + 12_000;
    const monitor = restarted(before, 300);
    lookTwice(monitor, UP);
    assert.deepEqual(monitor.notified, ["node3 STARTED NORMAL"]);
    monitor.pass(65);
    const late = fencing("node3", "success", { completedAt });
    monitor.look(UP, { fencing: [late] });
    assert.equal(monitor.state.hosts.get("node3")?.loss, undefined);
    monitor.pass(120);
    monitor.look(UP, {
      fencing: [fencing("node3", "success", { id: "again", completedAt: monitor.at.wall - 9000 }), late],
    });
    assert.ok(monitor.state.hosts.get("node3")?.loss?.returned);
  });

  it("is no longer reported as down when it has been up for 2 minutes", () => {
    const monitor = watching({ needsProof: true });
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall })] });
    monitor.effects.length = 0;
    monitor.pass(119);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "supersede"));
    monitor.pass(1);
    const withdrawn = monitor.effects.find(({ kind }) => kind === "supersede");
    assert.deepEqual(withdrawn?.kind === "supersede" && withdrawn.which, [{ event: "STOPPED" }]);
  });

  it("is not reported if an operator only confirmed that it was down: it may have run all the time", () => {
    const confirmed = { byHand: true, delegate: "a human" };
    const monitor = watching({ needsProof: true });
    monitor.look(UP, { fencing: [fencing("node3", "success", { ...confirmed, completedAt: monitor.at.wall })] });
    assert.deepEqual(monitor.notified, []);
    const first = new HostDecisions({ first_sight_window: 300 });
    const history = [fencing("node3", "success", { ...confirmed, completedAt: first.at.wall })];
    lookTwice(first, { ...UP, node3: { state: "offline", departure: "expected" } }, { fencing: history });
    assert.deepEqual(first.notified, []);
    assert.equal(first.state.hosts.get("node3")?.firstSight, true);
  });

  it("is not reported if that was long ago, or nothing shows that it was fenced", () => {
    const monitor = watching({ needsProof: true });
    monitor.look({ ...UP, node3: { state: "online", incarnation: "1" } });
    monitor.look(
      { ...UP, node3: { state: "online", incarnation: "2" } },
      { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall - 3_600_000 })] },
    );
    monitor.look({ ...UP, node3: { state: "online", incarnation: "3" } });
    assert.deepEqual(monitor.notified, []);
    assert.ok(monitor.log.some((line) => line.includes("between two looks")));
  });
});

describe("a host that was fenced, reported and back while the monitor was down, and has left on purpose since", () => {
  it("is not reported by that fencing, which Masakari's notifications show to be old", () => {
    const before = watching({ report_at_once: false, needsProof: true });
    const completedAt = before.at.wall + 60_000;
    const monitor = restarted(before, 300);
    const left = { ...UP, node3: { state: "offline", departure: "expected" } } as const;
    lookTwice(monitor, left, { fencing: [fencing("node3", "success", { completedAt })] });
    monitor.endApiCheck("not notified", "node3", completedAt + 60_000);
    monitor.pass(600);
    assert.deepEqual(monitor.notified, []);
    assert.deepEqual(monitor.holds("node3"), ["planned work"]);
  });
});

describe("the report of a host that was fenced and is back", () => {
  const withdraws = (monitor: HostDecisions): boolean =>
    monitor.effects.some((effect) => effect.kind === "supersede" && effect.reason.includes("up again for 2 minutes"));

  it("is withdrawn 2 minutes later, also if the monitor was started again meanwhile", () => {
    const before = watching();
    const history = { fencing: [fencing("node3", "success", { completedAt: before.at.wall })] };
    before.look(UP, history);
    assert.deepEqual(before.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
    const monitor = restarted(before, 30);
    lookTwice(monitor, UP, history);
    monitor.pass(80);
    assert.ok(!withdraws(monitor));
    monitor.pass(20);
    assert.ok(withdraws(monitor));
  });
});

describe("a host that is neither up nor down", () => {
  const UNSETTLED = { ...UP, node3: { state: "unstable", kind: "remote" } } as const;

  it("is lost if it has been fenced since it was last online, as a remote node that no member is connected to any more", () => {
    const monitor = watching({ needsProof: true });
    monitor.look(UNSETTLED, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall })] });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
    monitor.pass(60);
    monitor.look(UP, { fencing: [fencing("node3", "success", { completedAt: monitor.at.wall - 60_000 })] });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
  });

  it("is not, if that was before, or an operator has only confirmed that it is down", () => {
    for (const needsProof of [true, false]) {
      const monitor = watching({ needsProof });
      const old = fencing("node3", "success", { completedAt: monitor.at.wall - 3_600_000 });
      monitor.look(UP, { fencing: [old] });
      monitor.pass(60);
      const confirmed = fencing("node3", "success", { id: "human", byHand: true, completedAt: monitor.at.wall });
      for (const history of [[old], [confirmed, old]]) {
        monitor.look(UNSETTLED, { fencing: history });
        monitor.pass(60);
      }
      assert.deepEqual(monitor.notified, []);
      assert.equal(monitor.state.hosts.get("node3")?.loss, undefined);
    }
  });
});
