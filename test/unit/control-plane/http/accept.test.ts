import assert from "node:assert/strict";
import { test } from "node:test";
import { bestMatch } from "../../../../src/control-plane/http/accept.ts";

const offers = ["text/html", "application/json"];

const cases: [accept: string | undefined, expected: string | undefined, why: string][] = [
  [undefined, "text/html", "no header likes everything; the first offer wins"],
  ["*/*", "text/html", "what the Python monitors send"],
  ["application/json", "application/json", "the only one that is named"],
  ["application/*", "application/json", "by its family"],
  ["text/html;q=0.5, application/json", "application/json", "a higher quality wins"],
  ["application/json;q=0", undefined, "quality 0 is a refusal"],
  ["", undefined, "an empty header likes nothing"],
  ["application/json;q=2", "text/html", "a header that is not well formed counts as none"],
  ["nonsense", "text/html", "a header that is not well formed counts as none"],
];

for (const [accept, expected, why] of cases) {
  test(`Accept ${accept ?? "missing"}: ${why}`, () => assert.equal(bestMatch(accept, offers), expected));
}
