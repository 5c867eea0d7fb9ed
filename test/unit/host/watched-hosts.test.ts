import assert from "node:assert/strict";
import { test } from "node:test";
import { HostDecisions } from "../../support/host-cluster.ts";

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
