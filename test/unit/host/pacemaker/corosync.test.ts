import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLinks, parseMembers } from "../../../../src/host/pacemaker/corosync.ts";
import { captured } from "./captures.ts";

const links = (situation: string, node: string) =>
  parseLinks(captured(`pacemaker-2.1.5/${situation}/${node}.corosync-cfgtool--s.out`));

test("corosync-cfgtool -s: peers that are connected", () => {
  assert.deepEqual(links("13-heartbeat-healthy", "node1"), { peers: 2, connected: 2 });
});

test("unplugged at the switch for 2 s, while Corosync still has quorum: no peer is connected", () => {
  assert.deepEqual(links("13b-heartbeat-isolated-2s", "node3"), { peers: 2, connected: 0 });
});

test("with two links a peer is connected if it is on one of them", () => {
  const text = captured("pacemaker-2.1.5/13-heartbeat-healthy/node1.corosync-cfgtool--s.out");
  const second = text.replace(/^.*\n/, "").replace("LINK ID 0", "LINK ID 1").replaceAll("connected", "disconnected");
  assert.deepEqual(parseLinks(text + second), { peers: 2, connected: 2 });
});

test("anything else is not understood", () => {
  for (const text of ["", "Could not initialize corosync configuration API error 2", "Local node"]) {
    assert.equal(parseLinks(text), undefined);
  }
});

test("corosync-cmapctl runtime.members: who has joined, and how often", () => {
  const members = parseMembers(
    captured("pacemaker-2.1.5/13-heartbeat-healthy/node1.corosync-cmapctl-runtime.members.out"),
  );
  assert.deepEqual(
    [...members].map(([id, { joined, joinCount }]) => [id, joined, joinCount]),
    [
      ["1", true, 1],
      ["2", true, 1],
      ["3", true, 2],
    ],
  );
});

test("a member that has left", () => {
  const text = captured("pacemaker-2.1.5/13b2-heartbeat-isolated-4s/node3.corosync-cmapctl-runtime.members.out");
  const members = parseMembers(text);
  assert.deepEqual(
    ["1", "2", "3"].map((id) => members.get(id)?.joined),
    [false, false, true],
  );
});
