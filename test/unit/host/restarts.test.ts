import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kept, restore } from "../../../src/host/saved-state.ts";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";

const UP = { node2: "online", node3: "online" } as const;
const LOST = { ...UP, node3: "offline" } as const;

function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions({ needsProof: false, ...settings });
  monitor.look(UP);
  monitor.pass(60);
  monitor.look(UP);
  monitor.pass(60);
  return monitor;
}

/** The same monitor in another run of the program, which knows what was on disk. @param clockSetBy ms by which the wall clock was set meanwhile */
function restarted(before: HostDecisions, seconds = 60, clockSetBy = 0): HostDecisions {
  const rows = new Map<string, unknown>();
  for (const [name, host] of before.state.hosts) {
    const row = kept.maps?.hosts?.each(host, name);
    if (row !== undefined) rows.set(name, JSON.parse(JSON.stringify(row)));
  }
  const rest: unknown = JSON.parse(JSON.stringify(kept.rest(before.state)));
  const state = restore({ rest, maps: { hosts: rows } });
  assert.ok(state);
  const after = new HostDecisions(before.settings);
  after.pass((before.at.mono - after.at.mono) / 1000 + seconds);
  after.setClock(clockSetBy);
  after.state = state;
  after.effects.length = 0;
  after.start();
  return after;
}

/** Two looks, a second apart: the first one after a gap is not believed alone. */
function lookTwice(monitor: HostDecisions, ...look: Parameters<HostDecisions["look"]>): void {
  monitor.look(...look);
  monitor.pass(1);
  monitor.look(...look);
}

describe("a host that died while the monitor was down", () => {
  it("is reported, unless another monitor has done so", () => {
    for (const result of ["not notified", "unknown", "notified"] as const) {
      const monitor = restarted(watching());
      lookTwice(monitor, LOST);
      monitor.endApiCheck(result);
      assert.deepEqual(monitor.notified, result === "notified" ? [] : ["node3 STOPPED NORMAL"]);
    }
  });

  it("is not believed dead on the word of the first look alone", () => {
    const monitor = restarted(watching());
    monitor.look(LOST);
    monitor.pass(1);
    monitor.look(UP);
    monitor.pass(60);
    assert.deepEqual(monitor.notified, []);
    assert.ok(!monitor.effects.some(({ kind }) => kind === "checkApi"));
  });

  it("is not reported again if it had been", () => {
    const before = watching();
    before.look(LOST);
    assert.deepEqual(before.notified, ["node3 STOPPED NORMAL"]);
    const monitor = restarted(before);
    lookTwice(monitor, LOST);
    monitor.pass(600);
    assert.deepEqual(monitor.notified, []);
  });

  it("is reported up if it had been reported down and is back", () => {
    const before = watching();
    before.look(LOST);
    const monitor = restarted(before);
    lookTwice(monitor, UP);
    assert.deepEqual(monitor.notified, ["node3 STARTED NORMAL"]);
  });

  it("is reported if a gate had held it", () => {
    const before = watching();
    before.look(LOST);
    const held = watching();
    held.observe({
      kind: "orders",
      at: held.at,
      orders: { disarmed: { until: { wall: held.at.wall + 1e6, mono: held.at.mono + 1e6 }, reason: "test" } },
    });
    held.look(LOST);
    assert.deepEqual(held.notified, []);
    const monitor = restarted(held);
    lookTwice(monitor, LOST);
    monitor.endApiCheck("not notified");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });
});

describe("a host that is down when it is first seen", () => {
  it("is not reported, but logged and shown in status", () => {
    const monitor = new HostDecisions({ needsProof: false });
    lookTwice(monitor, LOST);
    monitor.pass(600);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, []);
    assert.match(monitor.problems["down at first sight"] ?? "", /node3/);
    assert.ok(monitor.log.some((line) => line.startsWith("node3 is down, and was already when first seen")));
  });

  it("is reported up when it comes up, as upstream does, and down when it is lost then", () => {
    const monitor = new HostDecisions({ needsProof: false });
    lookTwice(monitor, LOST);
    monitor.pass(60);
    monitor.look(UP);
    monitor.pass(60);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, ["node3 STARTED NORMAL", "node3 STOPPED NORMAL"]);
    assert.deepEqual(monitor.problems, {});
  });

  it("is reported if the cluster proves that it has just died, and the operator wants that", () => {
    for (const [age, count] of [
      [60, 1],
      [900, 0],
    ] as const) {
      const monitor = new HostDecisions({ first_sight_window: 300 });
      const history = [fencing("node3", "success", { completedAt: monitor.at.wall - age * 1000 })];
      lookTwice(monitor, { ...UP, node3: { state: "offline", departure: "expected" } }, { fencing: history });
      if (count > 0) monitor.endApiCheck("not notified");
      assert.equal(monitor.notified.length, count);
    }
  });
});

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

describe("a host that vanishes from the source", () => {
  it("is not reported, shown for a day, and then no longer watched", () => {
    const monitor = watching();
    monitor.look({ node2: "online" });
    assert.match(monitor.problems["vanished hosts"] ?? "", /node3/);
    monitor.pass(86_460);
    monitor.look({ node2: "online" });
    assert.deepEqual(monitor.notified, []);
    assert.deepEqual(monitor.problems, {});
    assert.equal(monitor.state.hosts.has("node3"), false);
  });

  it("is not taken for gone if the list is not complete", () => {
    const monitor = watching();
    monitor.look({ node2: "online" }, { complete: false });
    assert.deepEqual(monitor.problems, {});
  });
});

describe("a host that is lost when its monitor starts, which then stands still or is started again", () => {
  const asked = (monitor: HostDecisions) => monitor.effects.findLast(({ kind }) => kind === "checkApi");

  it("may have been reported since the look that last saw it online, not since the latest look", () => {
    const before = watching({ report_at_once: false });
    const lastUp = before.at.wall - 60_000;
    const stalled = restarted(before, 200);
    stalled.look(LOST);
    stalled.pass(95);
    stalled.observe({ kind: "stalled", at: stalled.at, forMs: 95_000 });
    lookTwice(stalled, LOST);

    const again = restarted(before, 200);
    again.look(LOST);
    const third = restarted(again, 400);
    lookTwice(third, LOST);

    const returned = restarted(before, 200);
    returned.look(LOST);
    returned.pass(300);
    lookTwice(returned, UP, { fencing: [fencing("node3", "success", { completedAt: returned.at.wall - 20_000 })] });
    for (const monitor of [stalled, third, returned]) {
      const check = asked(monitor);
      assert.ok(check?.kind === "checkApi" && check.since <= lastUp, "a report of before is left out");
      monitor.endApiCheck("notified");
      assert.deepEqual(monitor.notified, []);
    }
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

describe("the storm guard after a restart", () => {
  const ALL = { node2: "online", node3: "online", node4: "online", node5: "online" } as const;

  it("counts the losses of before as old as they are, although the clock was set while the monitor did not run", () => {
    for (const clockSetBy of [0, 3_600_000, -3_600_000]) {
      const before = new HostDecisions({ needsProof: false });
      before.look(ALL);
      before.pass(60);
      before.look(ALL);
      before.pass(60);
      before.look({ ...ALL, node2: "offline", node3: "offline" });
      assert.equal(before.notified.length, 2);
      const monitor = restarted(before, 60, clockSetBy);
      lookTwice(monitor, { ...ALL, node2: "offline", node3: "offline", node4: "offline" });
      assert.deepEqual(monitor.holds("node4"), ["storm guard"], `set by ${clockSetBy} ms`);
      const later = restarted(before, 3700, clockSetBy);
      lookTwice(later, { ...ALL, node2: "offline", node3: "offline", node4: "offline" });
      assert.deepEqual(later.holds("node4"), [], `set by ${clockSetBy} ms, an hour later`);
    }
  });

  it("counts hosts that the first looks show down, when another one was fenced and is back", () => {
    const before = new HostDecisions({ needsProof: false, monitoring_samples: 2 });
    for (let look = 0; look < 3; look += 1) {
      before.look(ALL);
      before.pass(60);
    }
    const look: Parameters<HostDecisions["look"]> = [
      { ...ALL, node2: "offline", node3: "offline", node4: "offline" },
      { fencing: [fencing("node5", "success", { completedAt: before.at.wall })] },
    ];
    const monitor = restarted(before);
    lookTwice(monitor, ...look);
    assert.deepEqual(monitor.holds("node5"), ["storm guard"]);
    assert.match(monitor.problems["storm guard"] ?? "", /node5: 4 hosts are lost at once/);
  });
});

describe("what earlier runs left in the outbox", () => {
  it("is sent after the first trusted look", () => {
    const monitor = restarted(watching());
    assert.ok(!monitor.look(UP, { quorum: "no" }).some(({ kind }) => kind === "caughtUp"));
    assert.ok(monitor.look(UP).some(({ kind }) => kind === "caughtUp"));
  });
});

describe("a saved row of another shape", () => {
  it("is left out with its reason, and the other hosts are kept", () => {
    const before = watching();
    const rows = new Map<string, unknown>();
    for (const [name, host] of before.state.hosts) rows.set(name, kept.maps?.hosts?.each(host, name));
    rows.set("node3", { ...(rows.get("node3") as object), losses: "none" });
    const problems: string[] = [];
    const state = restore({ rest: kept.rest(before.state), maps: { hosts: rows } }, (problem) =>
      problems.push(problem),
    );
    assert.deepEqual([...(state?.hosts.keys() ?? [])], ["node2"]);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^hosts\/node3: losses: /);
  });
});
