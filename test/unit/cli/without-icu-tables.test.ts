import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../../../src", import.meta.url));
/** Programs that end by themselves, or run on another machine than the guests. */
const ELSEWHERE = /^(control-plane|cli\/(sandbox|doctor|masakari|compare))\b/;
const LOADS_TABLES = /\.localeCompare\(|\bIntl\.|\.toLocale[A-Z]/;

test("what runs all the time compares and writes nothing by a locale: ICU's tables for that take 3 to 9 MB", () => {
  const files = globSync("**/*.ts", { cwd: src }).filter((file) => !ELSEWHERE.test(file));
  assert.ok(files.length > 300, `${files.length} files`);
  const found = files.filter((file) => LOADS_TABLES.test(readFileSync(join(src, file), "utf8")));
  assert.deepEqual(found, []);
});
