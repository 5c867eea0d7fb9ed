import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHealth, parseMembers } from "../../../../src/host/consul/responses.ts";

const member = { Name: "host1", Status: 1, Tags: { role: "consul" } };
const health = { Node: "host1", CheckID: "serfHealth", Status: "passing", ModifyIndex: 12 };
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test("what is not as Consul documents it is refused with the name of the member", () => {
  const refused: readonly (readonly [read: () => unknown, message: RegExp])[] = [
    [() => parseMembers(Buffer.from("<html>")), /^not JSON; is this the HTTP API of a Consul agent\?$/],
    [() => parseMembers(bytes({})), /^Invalid type: Expected Array/],
    [() => parseMembers(bytes([member, null])), /^1: Invalid type/],
    [() => parseMembers(bytes([member, { ...member, Name: "" }])), /^1\.Name: /],
    [() => parseMembers(bytes([{ ...member, Name: "x".repeat(256) }])), /^0\.Name: /],
    [() => parseMembers(bytes([{ ...member, Status: "alive" }])), /^0\.Status: /],
    [() => parseHealth(bytes([health, { ...health, Node: 7 }])), /^1\.Node: /],
    [() => parseHealth(bytes([{ ...health, CheckID: undefined }])), /^0\.CheckID: /],
    [() => parseHealth(bytes([{ ...health, ModifyIndex: "12" }])), /^0\.ModifyIndex: /],
  ];
  for (const [read, message] of refused) assert.throws(read, { name: "Error", code: "CONSUL_RESPONSE", message });
});

test("a member without tags is a client; a node without serfHealth has no state", () => {
  assert.deepEqual(parseMembers(bytes([{ ...member, Tags: null }])).get("host1"), {
    status: "alive",
    isServer: false,
    address: undefined,
  });
  const maintenance = { ...health, CheckID: "_node_maintenance", Status: "critical", ModifyIndex: undefined };
  assert.deepEqual(parseHealth(bytes([maintenance])).get("host1"), {
    serf: undefined,
    modifyIndex: 0,
    isInMaintenance: true,
  });
});
