import assert from "node:assert/strict";
import { test } from "node:test";
import { hostsOf, ownNode, selfOf } from "../../../../src/host/kubernetes/hosts.ts";
import { type Node, parseNodePage } from "../../../../src/host/kubernetes/nodes.ts";
import { UnknownAges } from "../../../../src/host/kubernetes/unknown-ages.ts";
import { response } from "./captures.ts";

const SINCE = "2026-11-28T03:35:05Z";
const SERVER_TIME = Date.parse(SINCE);

function node(name: string, status?: string, since = SINCE): Node {
  return {
    name,
    ready: status === undefined ? undefined : { status, reason: "", since },
    unschedulable: false,
    bootId: "",
  };
}

/** The state of the only node at `seconds` after it was first seen, which was `afterContact` seconds after contact began. */
function stateAfter(seconds: number, { afterContact = 1000, serverAhead = 0, status = "Unknown" } = {}): string {
  const ages = new UnknownAges();
  const nodes = [node("node1", status)];
  for (const at of new Set([0, seconds])) {
    ages.update(nodes, {
      at: at * 1000,
      serverTime: SERVER_TIME + (at + serverAhead) * 1000,
      contactSince: -afterContact * 1000,
      requiredMs: 15_000,
    });
  }
  return hostsOf(nodes, ages)[0]?.state ?? "";
}

test("captured lists: Ready is online, not ready runs, Unknown is not believed at once", () => {
  const states = (name: string): readonly string[] => {
    const nodes = parseNodePage(response(name).body)?.nodes ?? [];
    return hostsOf(nodes, new UnknownAges()).map(({ state }) => state);
  };
  assert.deepEqual(states("01-list"), ["online", "online", "online"]);
  assert.deepEqual(states("04-list-notready"), ["online", "unstable", "online"]);
  assert.equal(hostsOf([node("node9")], new UnknownAges())[0]?.state, "unknown");
});

test("Unknown is a loss only when it has lasted", () => {
  assert.equal(stateAfter(0), "unknown");
  assert.equal(stateAfter(14), "unknown");
  assert.equal(stateAfter(15), "offline");
  assert.equal(stateAfter(15, { status: "False" }), "unstable");
});

test("Unknown has to last four times as long after contact was interrupted", () => {
  assert.equal(stateAfter(15, { afterContact: 5 }), "unknown");
  assert.equal(stateAfter(60, { afterContact: 5 }), "offline");
});

test("a clock that is wrong neither hastens nor prevents a loss", () => {
  assert.equal(stateAfter(1, { serverAhead: 3600 }), "unknown");
  assert.equal(stateAfter(15, { serverAhead: -3600 }), "offline");
  assert.equal(stateAfter(15, { serverAhead: -5 }), "unknown");
});

test("another Unknown starts the count again", () => {
  const ages = new UnknownAges();
  const update = (at: number, nodes: readonly Node[]): void =>
    ages.update(nodes, { at, serverTime: undefined, contactSince: -1_000_000, requiredMs: 15_000 });
  update(0, [node("node1", "Unknown")]);
  update(10_000, [node("node1", "Unknown", "2026-11-28T03:35:12Z")]);
  update(20_000, [node("node1", "Unknown", "2026-11-28T03:35:12Z")]);
  const nodes = [node("node1", "Unknown", "2026-11-28T03:35:12Z")];
  assert.equal(hostsOf(nodes, ages)[0]?.state, "unknown");
  assert.equal(ages.dueInMs(nodes), 5000);
});

test("nothing is believed while most nodes are Unknown, or this host's own is", () => {
  const well = node("node1", "True");
  const lost = (name: string): Node => node(name, "Unknown");
  assert.equal(selfOf([well, lost("node2")], well).stable, "yes");
  assert.equal(selfOf([well, lost("node2"), lost("node3")], well).stable, "no");
  assert.equal(selfOf([lost("node1"), lost("node2")], undefined).stable, "no");
  const own = lost("node1");
  assert.equal(selfOf([own, node("node2", "True"), node("node3", "True")], own).stable, "no");
  assert.equal(selfOf([], undefined).stable, "yes");
});

test("this host's node is found by its name or the first part of it", () => {
  const nodes = [node("node1", "True"), node("node2", "True")];
  assert.equal(ownNode(nodes, ["pod-7", "node2.example.org"], "")?.name, "node2");
  assert.equal(ownNode(nodes, ["pod-7"], ""), undefined);
});

test("this host's node is found by its boot where the names differ, unless several nodes are containers of one machine", () => {
  const booted = (name: string, bootId: string): Node => ({ ...node(name, "True"), bootId });
  const nodes = [booted("node1.example.org", "b1"), booted("node2.example.org", "b2"), booted("new", "")];
  assert.equal(ownNode(nodes, ["node2"], "b2")?.name, "node2.example.org");
  assert.equal(ownNode(nodes, ["node2"], ""), undefined);
  assert.equal(ownNode([booted("kind1", "b1"), booted("kind2", "b1")], ["node2"], "b1"), undefined);
});

test("a new boot shows as another incarnation, and cordoned as standby", () => {
  const [host] = hostsOf([{ ...node("node1", "True"), bootId: "b1", unschedulable: true }], new UnknownAges());
  assert.equal(host?.incarnation, "b1");
  assert.equal(host?.standby, "yes");
});
