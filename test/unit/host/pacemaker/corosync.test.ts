import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseLinks,
  parseMembers,
  parsePresentMembers,
  presentMembers,
} from "../../../../src/host/pacemaker/corosync.ts";
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

test("corosync-quorumtool -s: the present members, as corosync-cmapctl has them", () => {
  for (const situation of [
    "13-heartbeat-healthy/node1",
    "13b-heartbeat-isolated-2s/node3",
    "13b2-heartbeat-isolated-4s/node3",
    "13c-heartbeat-cut-first-second/node3",
    "13d2-heartbeat-peers-frozen-4s/node1",
  ]) {
    const of = (tool: string): string => captured(`pacemaker-2.1.5/${situation}.${tool}.out`);
    const members = parseMembers(of("corosync-cmapctl-runtime.members"));
    const joined = [...members].filter(([, member]) => member.joined).map(([id]) => id);
    assert.deepEqual([...(parsePresentMembers(of("corosync-quorumtool")) ?? [])], joined, situation);
  }
});

test("a quorum device is no member, and ids may be hexadecimal", () => {
  const list = (text: string) => `Membership information\n----------------------\n${text}\n`;
  const withDevice = list(
    "    Nodeid      Votes    Qdevice Name\n         1          1    A,V,NMW one (local)\n        12          1    A,V,NMW two\n         0          1            Qdevice",
  );
  assert.deepEqual([...(parsePresentMembers(withDevice) ?? [])].slice(0, 2), ["1", "12"]);
  const hexadecimal = list("    Nodeid      Votes Name\n0x0000000a          1 one (local)");
  assert.deepEqual([...(parsePresentMembers(hexadecimal) ?? [])], ["10"]);
});

test("without this host itself, the members are not understood", () => {
  const [head = ""] = captured("pacemaker-2.1.5/13-heartbeat-healthy/node1.corosync-quorumtool.out").split(
    "Membership",
  );
  const cut = `${head}Membership information\n         2          1 node2\n`;
  for (const text of ["", head, cut]) assert.equal(parsePresentMembers(text), undefined);
});

test("who is present now counts, whatever was joined before; how often it has joined is kept", () => {
  const before = new Map([
    ["1", { joined: true, joinCount: 1 }],
    ["2", { joined: true, joinCount: 3 }],
  ]);
  assert.deepEqual(
    [...presentMembers(new Set(["1", "3"]), before)],
    [
      ["1", { joined: true, joinCount: 1 }],
      ["2", { joined: false, joinCount: 3 }],
      ["3", { joined: true, joinCount: undefined }],
    ],
  );
});
