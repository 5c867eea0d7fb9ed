import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kept, restore } from "../../../src/host/saved-state.ts";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";
import { LOST, lookTwice, restarted, UP, watching } from "../../support/host-restart.ts";

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

  it("waits until it is known of each host that was lost how it is", () => {
    const before = watching();
    before.look(LOST);
    const monitor = restarted(before);
    for (const state of ["unknown", "unstable"] as const) {
      assert.ok(!monitor.look({ ...UP, node3: state }).some(({ kind }) => kind === "caughtUp"), state);
    }
    const kinds = monitor.look(UP).map(({ kind }) => kind);
    assert.ok(kinds.includes("supersede") && kinds.indexOf("supersede") < kinds.indexOf("caughtUp"), kinds.join(" "));
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
