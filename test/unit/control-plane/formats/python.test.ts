import assert from "node:assert/strict";
import { test } from "node:test";
import { toPythonJson } from "../../../../src/control-plane/formats/python-json.ts";
import { pythonRepr, pythonStr } from "../../../../src/control-plane/formats/python-repr.ts";

test("JSON has Python's spaces and escapes", () => {
  const value = { a: [1, true, null], é: '日😀\u007f\n"\\', empty: {}, none: [] };
  const expected = String.raw`{"a": [1, true, null], "\u00e9": "\u65e5\ud83d\ude00${"\u007f"}\n\"\\", "empty": {}, "none": []}`;
  assert.equal(toPythonJson(value), expected);
  assert.deepEqual(JSON.parse(toPythonJson(value)), value);
});

const reprs: [value: Parameters<typeof pythonRepr>[0], expected: string][] = [
  [null, "None"],
  [true, "True"],
  [[1, "a", false], "[1, 'a', False]"],
  [{ type: "VM", n: { x: null } }, "{'type': 'VM', 'n': {'x': None}}"],
  ["it's", `"it's"`],
  [`it's "x"`, String.raw`'it\'s "x"'`],
  ["a\n\t\u0001\u00a0\u2028", String.raw`'a\n\t\x01\xa0\u2028'`],
  ["é😀", "'é😀'"],
];
for (const [value, expected] of reprs) {
  test(`repr of ${JSON.stringify(value)}`, () => assert.equal(pythonRepr(value), expected));
}

test("str shows a string without quotes", () => assert.equal(pythonStr("a'b"), "a'b"));
