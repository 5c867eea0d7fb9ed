import assert from "node:assert/strict";
import { test } from "node:test";
import { subjects } from "../../../src/host/subjects.ts";
import { fencing, HostDecisions } from "../../support/host-cluster.ts";

/** The hosts that are watched with restrict_to_remotes, beside this host node1. */
function watched(kind: "member" | "remote" | "node"): readonly string[] {
  const decisions = new HostDecisions({ restrict_to_remotes: true });
  decisions.look({ node1: { kind }, node2: { kind } });
  return [...decisions.state.hosts.keys()];
}

test("restrict_to_remotes leaves out Pacemaker's members, and no node of Consul or Kubernetes", () => {
  assert.deepEqual(watched("member"), []);
  assert.deepEqual(watched("remote"), ["node2"]);
  assert.deepEqual(watched("node"), ["node2"]);
});

test("a cluster in which no host is watched is a condition", () => {
  const decisions = new HostDecisions({ restrict_to_remotes: true });
  decisions.look({ node2: { kind: "member" } });
  assert.match(decisions.problems["watched hosts"] ?? "", /no other host that \[host\] restrict_to_remotes allows/);
  decisions.look({ node2: { kind: "member" }, remote1: { kind: "remote" } });
  assert.equal(decisions.problems["watched hosts"], undefined);
});

test("list shows of a host what explains its state: planned work, a gate that holds its loss, who reported it", () => {
  const monitor = new HostDecisions({ needsProof: false });
  const phase = (): string => subjects.each(monitor.state.hosts.get("node2"), "node2").phase;
  monitor.look({ node2: "online", node3: "online" });
  monitor.pass(60);
  monitor.look({ node2: { state: "online", standby: "yes", maintenance: "yes" }, node3: "online" });
  assert.equal(phase(), "online, in maintenance, on standby");
  monitor.pass(60);
  monitor.look({ node2: "offline", node3: "online" }, { quorum: "no" });
  monitor.look({ node2: "offline", node3: "online" });
  assert.equal(phase(), "offline, reported (NORMAL) by this monitor");
});

test("the reason of a report distinguishes a fencing by the cluster from one that an operator had done", () => {
  for (const [requestedBy, expected] of [
    ["cluster", /the cluster has fenced it \(reboot by node3\)/],
    ["person", /an operator had it fenced \(reboot by node3\)/],
  ] as const) {
    const monitor = new HostDecisions();
    for (let look = 0; look < 2; look += 1) {
      monitor.look({ node2: "online", node3: "online" });
      monitor.pass(60);
    }
    const states = { node2: { state: "offline", departure: "expected" }, node3: "online" } as const;
    monitor.look(states, { fencing: [fencing("node2", "success", { requestedBy })] });
    assert.match(monitor.log.join("\n"), expected);
  }
});

const registered = (name: string, more: { readonly onMaintenance?: boolean; readonly isEnabled?: boolean } = {}) => ({
  uuid: name,
  name,
  segment: { uuid: "rack", name: "rack" },
  isEnabled: true,
  onMaintenance: false,
  ...more,
});

test("watched hosts about which Masakari would do nothing are conditions, by the names that it has for them", () => {
  const decisions = new HostDecisions({ host_names: { node2: "comp2" } });
  const effectOf = (name: string) => decisions.state.problems.get(name)?.condition.effect;
  decisions.look({ node2: "online", node3: "online", node4: "online" });
  const segments = (...hosts: ReturnType<typeof registered>[]) =>
    decisions.observe({ kind: "segments", at: decisions.at, hosts });

  segments(registered("comp2"), registered("node3", { onMaintenance: true }), registered("node9"));
  assert.match(decisions.problems["hosts on maintenance"] ?? "", /^node3: on maintenance.*--on-maintenance false/);
  assert.match(decisions.problems.segments ?? "", /^node4: in no segment/);
  assert.deepEqual([effectOf("segments"), effectOf("hosts on maintenance")], [undefined, undefined]);

  segments(registered("comp2", { isEnabled: false }), registered("node3", { onMaintenance: true }));
  assert.match(decisions.problems["disabled segments"] ?? "", /^node2: in a disabled segment/);
  const effects = ["segments", "hosts on maintenance", "disabled segments"].map(effectOf);
  assert.deepEqual(effects, ["disarmed", "disarmed", "disarmed"], "no host could be reported");

  segments(registered("comp2"), registered("node3"), registered("node4"));
  assert.deepEqual(decisions.problems, {});
});
