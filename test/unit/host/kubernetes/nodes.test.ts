import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNodePage, parseStatus, parseWatchEvent } from "../../../../src/host/kubernetes/nodes.ts";
import { response, watchLines } from "./captures.ts";

/** A captured node as a list has it: `name Ready`. */
function listed(name: string): readonly string[] | undefined {
  return parseNodePage(response(name).body)?.nodes.map(({ name, ready }) => `${name} ${ready?.status ?? "-"}`);
}

/** A captured single node, in a list. */
function single(name: string): readonly string[] | undefined {
  const body = `{"kind":"NodeList","metadata":{"resourceVersion":"1"},"items":[${response(name).body}]}`;
  return parseNodePage(body)?.nodes.map(({ name, ready }) => `${name} ${ready?.status ?? "-"}`);
}

test("each captured list and node has its Ready condition, or none", () => {
  assert.deepEqual(listed("01-list"), ["node1 True", "node2 True", "node3 True"]);
  assert.deepEqual(listed("04-list-notready"), ["node1 True", "node2 False", "node3 True"]);
  assert.deepEqual(listed("04-list-unknown"), ["node1 True", "node2 Unknown", "node3 True"]);
  assert.deepEqual(listed("01-list-nothing-matches"), []);
  assert.deepEqual(single("04-get-bare-node"), ["node9 -"]);
  assert.equal(single("04-get-no-ready-condition")?.[0]?.split(" ")[1], "-");
});

test("a page has the token of the next one", () => {
  const first = parseNodePage(response("01-list-limit").body);
  assert.ok(first?.next);
  assert.equal(parseNodePage(response("01-list-continue").body)?.next, undefined);
});

test("every line of the captured watches is understood", () => {
  for (const name of ["05-watch-events", "09-node-lifecycle"]) {
    const events = watchLines(name).map(parseWatchEvent);
    assert.ok(events.length > 10);
    assert.ok(!events.includes(undefined));
  }
  const [deleted] = watchLines("05-watch-events").filter((line) => line.includes('"DELETED"'));
  const event = parseWatchEvent(deleted ?? "");
  assert.equal(event?.type, "deleted");
});

test("an expired watch is a line of its own, with status 200", () => {
  const { status, body } = response("06-410-watch-old-rv");
  assert.equal(status, 200);
  const event = parseWatchEvent(body);
  assert.deepEqual(event, { type: "error", code: 410, message: "too old resource version: 250 (383)" });
});

test("what is not a list of nodes is not understood, never an empty list", () => {
  const others = ["", "{}", "<html>", '{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}', "null", "[]"];
  for (const body of others) assert.equal(parseNodePage(body), undefined, body);
  assert.equal(parseNodePage(response("02-403-list").body), undefined);
  assert.equal(parseWatchEvent('{"type":"OTHER","object":{}}'), undefined);
});

test("errors are read with and without a kind; a proxy's text is none", () => {
  assert.equal(parseStatus(response("02-403-list").body)?.code, 403);
  assert.match(parseStatus(response("08-etcd-down-list").body)?.message ?? "", /did not complete within 1m0s/);
  assert.equal(parseStatus(response("02-429").body), undefined);
});
