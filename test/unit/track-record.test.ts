import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const rows = readFileSync(file("docs/track-record.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (bug|---) \|/.test(line));

/** Whether a test of the file has this title, as it is written there. */
function hasTest(text: string, title: string): boolean {
  return ['"', "'", "`"].some((quote) =>
    [`test(${quote}`, `it(${quote}`].some((call) => text.includes(call + title + quote)),
  );
}

test("each row of the track record names tests that are there", () => {
  assert.ok(rows.length > 20);
  for (const row of rows) {
    const named = [...row.matchAll(/`(test\/[^`]+\.test\.ts)`: “([^”]+)”/g)];
    assert.ok(named.length > 0, `no test is named: ${row}`);
    for (const [, path = "", title = ""] of named) {
      assert.ok(existsSync(file(path)), `${path} is not there`);
      assert.ok(hasTest(readFileSync(file(path), "utf8"), title), `${path} has no test “${title}”`);
    }
  }
});
