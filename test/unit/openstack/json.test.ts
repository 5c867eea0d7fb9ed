import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonJson } from "../../../src/openstack/json.ts";

test("JSON is written as Python's json.dumps does", () => {
  const value = { a: [1, 2.5, true, null], é: '\u007f😀\u2028\u0001/"', empty: {}, none: [], gone: undefined };
  assert.equal(
    pythonJson(value),
    '{"a": [1, 2.5, true, null], "\\u00e9": "\\u007f\\ud83d\\ude00\\u2028\\u0001/\\"", "empty": {}, "none": []}',
  );
  assert.deepEqual(JSON.parse(pythonJson(value)), JSON.parse(JSON.stringify(value)));
});
