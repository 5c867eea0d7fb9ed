import assert from "node:assert/strict";
import { test } from "node:test";
import { NamesInText } from "../../../src/monitor/names-in-text.ts";

const COMPUTE = "/usr/bin/python3 /usr/bin/nova-compute";

test("a name of several words is found whole, the longer one before its beginning, and no part of a longer word", () => {
  const names = new NamesInText<string>();
  for (const name of ["/usr/bin/python3", COMPUTE, `${COMPUTE} --config-file a`, "vm 1", "web"]) names.set(name, name);
  for (const [text, found] of [
    [`${COMPUTE} is not running; starting it`, COMPUTE],
    [`${COMPUTE}: restarting, round 1 of 4`, COMPUTE],
    [`${COMPUTE} --config-file a (pid 7) has ended`, `${COMPUTE} --config-file a`],
    [`${COMPUTE}-api is not running`, "/usr/bin/python3"],
    [`now ${COMPUTE}`, COMPUTE],
    ["vm 1: its agent answers", "vm 1"],
    ["vm 12: its agent answers", undefined],
    ["webs and web", "web"],
    ['the name "web"', "web"],
    ["", undefined],
  ] as const) {
    assert.equal(names.firstIn(text), found, text);
  }
  names.delete(COMPUTE);
  assert.deepEqual([names.get(COMPUTE), names.firstIn(COMPUTE)], [undefined, "/usr/bin/python3"]);
  names.delete("web");
  assert.equal(names.firstIn("web"), undefined);
});
