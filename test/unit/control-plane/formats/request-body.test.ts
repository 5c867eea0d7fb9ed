import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBody } from "../../../../src/control-plane/formats/request-body.ts";

test("an empty body is null", () => assert.deepEqual(parseBody(Buffer.alloc(0)), { kind: "json", value: null }));

const malformed = ["{", "{'a': 1}", "[1,]", "\ufeff{}", "[".repeat(50_000), `${"[".repeat(200)}${"]".repeat(200)}`];
for (const text of malformed) {
  test(`malformed: ${text.slice(0, 20)}`, () => assert.equal(parseBody(Buffer.from(text)).kind, "malformed"));
}

test("bytes that are not UTF-8 are malformed", () => {
  assert.equal(parseBody(Buffer.from([0x22, 0xff, 0x22])).kind, "malformed");
});

test("a member called __proto__ is a member like any other", () => {
  const parsed = parseBody(Buffer.from('{"__proto__": {"admin": true}}'));
  assert.ok(parsed.kind === "json");
  assert.deepEqual(Object.keys(parsed.value as object), ["__proto__"]);
});
