import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { subjects } from "../../../src/host/subjects.ts";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";

const UP = { node2: "online", node3: "online" } as const;
const LOST = { ...UP, node3: "offline" } as const;

/** A monitor that has seen all hosts up. */
function watching(settings = {}): HostDecisions {
  const monitor = new HostDecisions(settings);
  monitor.look(UP);
  monitor.pass(60);
  monitor.look(UP);
  monitor.pass(60);
  return monitor;
}

describe("a lost host", () => {
  it("is reported at once when its BMC reports that it is off", () => {
    const monitor = watching();
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, []);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is not logged as notified where [notifications] shadow is set", () => {
    const monitor = watching({ shadow: true });
    monitor.look(LOST);
    monitor.power("node3", "off");
    const down = monitor.log.filter((line) => line.startsWith("node3 is down"));
    assert.equal(down.length, 1);
    assert.match(down[0] ?? "", /Masakari is not notified, because \[notifications\] shadow is set/);
    const { phase } = subjects.each(monitor.state.hosts.get("node3"), "node3");
    assert.equal(phase, "offline; would have been reported (NORMAL): shadow mode");
  });

  it("is reported with upstream's payload", () => {
    const monitor = watching();
    monitor.look(LOST);
    const [effect] = monitor.power("node3", "off").filter(({ kind }) => kind === "notify");
    assert.ok(effect?.kind === "notify");
    assert.equal(effect.subject, "host:node3");
    assert.equal(effect.notification.type, "COMPUTE_HOST");
    assert.deepEqual(effect.notification.payload, {
      event: "STOPPED",
      cluster_status: "OFFLINE",
      host_status: "NORMAL",
    });
  });

  it("is reported under the name that Masakari has for it", () => {
    const monitor = watching({ host_names: { node3: "compute3.example.org" } });
    monitor.look(LOST);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["compute3.example.org STOPPED NORMAL"]);
  });

  it("is reported once, however often it is seen down", () => {
    const monitor = watching();
    monitor.look(LOST);
    monitor.power("node3", "off");
    for (let look = 0; look < 5; look += 1) {
      monitor.pass(60);
      monitor.look(LOST);
    }
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is reported without a BMC when the cluster has fenced it", () => {
    const monitor = watching();
    monitor.look(LOST, { fencing: [fencing("node3", "pending")] });
    monitor.power("node3", "unknown", 0);
    assert.deepEqual(monitor.notified, []);
    monitor.pass(8);
    monitor.look(
      { ...UP, node3: { state: "offline", departure: "expected" } },
      { fencing: [fencing("node3", "success")] },
    );
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is reported at once where the driver's word is taken for it", () => {
    const monitor = watching({ needsProof: false });
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("waits for monitoring_samples looks, an interval apart", () => {
    const monitor = watching({ needsProof: false, monitoring_samples: 3 });
    monitor.pass(120);
    monitor.look(UP);
    monitor.pass(60);
    monitor.look(LOST);
    // An event of the source leads to looks at once, which are no further samples.
    for (let look = 0; look < 5; look += 1) monitor.look(LOST);
    monitor.pass(60);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, []);
    monitor.pass(60);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is not one if it is only unknown, unstable, leaving or gone from the source", () => {
    const monitor = watching({ needsProof: false });
    for (const state of ["unknown", "unstable", "absent"] as const) {
      monitor.look({ ...UP, node3: state });
      monitor.pass(60);
    }
    monitor.look({ ...UP, node3: { state: "online", stopping: true } });
    assert.deepEqual(monitor.notified, []);
  });

  it("needs the same positions in each sample", () => {
    const down = (name: string) => ({
      state: "offline" as const,
      positions: [{ name, state: "down" as const }],
    });
    const monitor = watching({ needsProof: false, monitoring_samples: 2 });
    monitor.look({ ...UP, node3: down("storage") });
    monitor.pass(60);
    monitor.look({ ...UP, node3: down("manage") });
    assert.deepEqual(monitor.notified, []);
    monitor.pass(60);
    monitor.look({ ...UP, node3: down("manage") });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is reported up again when it is back, and what is undelivered is withdrawn", () => {
    const monitor = watching();
    monitor.look(LOST);
    monitor.power("node3", "off");
    monitor.pass(60);
    const effects = monitor.look(UP);
    const withdrawn = effects.find((effect) => effect.kind === "supersede");
    assert.deepEqual(withdrawn?.kind === "supersede" && withdrawn.which, [{ event: "STOPPED" }]);
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL", "node3 STARTED NORMAL"]);
  });

  it("is not reported if it is back before there is proof", () => {
    const monitor = watching();
    monitor.look(LOST);
    assert.ok(monitor.underWay("checkPower"));
    monitor.look(UP);
    assert.ok(!monitor.underWay("checkPower"), "its result would be of before");
    monitor.pass(60);
    assert.deepEqual(monitor.notified, []);
  });

  it("is never this host itself", () => {
    const monitor = watching({ needsProof: false });
    monitor.look(UP, { hosts: [{ name: "node1", kind: "member", state: "offline" }] });
    assert.deepEqual(monitor.notified, []);
  });

  it("is reported although another one's BMC does not answer", () => {
    const monitor = watching({ storm_ratio: 0 });
    monitor.look({ node2: "offline", node3: "offline" });
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });
});

describe("a loss without proof", () => {
  it("is notified as UNKNOWN after ipmi_retry_max further checks, and as NORMAL when the proof comes", () => {
    const monitor = watching();
    monitor.look(LOST);
    for (let tried = 0; tried < 4; tried += 1) {
      assert.deepEqual(monitor.notified, []);
      monitor.power("node3", "on");
      monitor.pass(10);
    }
    assert.deepEqual(monitor.notified, ["node3 STOPPED UNKNOWN"]);
    monitor.pass(300);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED UNKNOWN", "node3 STOPPED NORMAL"]);
  });

  it("is checked ever more rarely, but at least every 5 minutes", () => {
    const monitor = watching();
    monitor.look(LOST);
    for (let tried = 0; tried < 30; tried += 1) {
      monitor.power("node3", "on");
      monitor.pass(301);
    }
    const checks = monitor.effects.filter(({ kind }) => kind === "checkPower");
    assert.equal(checks.length, 31);
  });

  it("is not proven by a BMC's old result after it was held", () => {
    const monitor = watching();
    monitor.look(LOST);
    monitor.look(LOST, { quorum: "no" });
    monitor.power("node3", "off");
    monitor.pass(120);
    monitor.look(LOST);
    assert.deepEqual(monitor.notified, []);
    monitor.power("node3", "off");
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is not proven by a fencing that was there when the host was last online", () => {
    const monitor = watching();
    const earlier = [fencing("node3", "success")];
    monitor.look(UP, { fencing: earlier });
    monitor.effects.length = 0;
    monitor.look({ ...UP, node3: { state: "offline", departure: "unknown" } }, { fencing: earlier });
    assert.deepEqual(monitor.notified, []);
  });

  it("is proven by a success that a failed event follows", () => {
    const monitor = watching();
    const history = [fencing("node3", "failed", { id: "later" }), fencing("node3", "success")];
    monitor.look({ ...UP, node3: { state: "offline", departure: "expected" } }, { fencing: history });
    assert.deepEqual(monitor.notified, ["node3 STOPPED NORMAL"]);
  });

  it("is not proven by an unfencing, a pending event or another host's", () => {
    const monitor = watching();
    const history = [
      fencing("node3", "success", { id: "on", action: "on" }),
      fencing("node3", "pending"),
      fencing("node2", "success"),
    ];
    monitor.look({ ...LOST, node2: { state: "offline", departure: "crash" } }, { fencing: history });
    assert.deepEqual(monitor.notified, []);
  });

  it("is proven by an operator's confirmation where no BMC can be asked, or it does not answer", () => {
    const confirmed = [fencing("node3", "success", { byHand: true, delegate: "a human" })];
    for (const [power, devices, isProven] of [
      ["unknown", 0, true],
      ["unknown", 1, true],
      ["on", 1, false],
    ] as const) {
      const monitor = watching();
      monitor.look(LOST, { fencing: [fencing("node3", "failed")] });
      monitor.power("node3", power, devices);
      monitor.pass(5);
      monitor.look({ ...UP, node3: { state: "offline", departure: "expected" } }, { fencing: confirmed });
      assert.deepEqual(monitor.notified, isProven ? ["node3 STOPPED NORMAL"] : [], `${power}, ${devices}`);
      assert.deepEqual(monitor.holds("node3"), [], "what an operator has confirmed is no planned work");
    }
  });
});
