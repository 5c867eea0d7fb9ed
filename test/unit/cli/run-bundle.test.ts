import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { codeCacheFile, compileBundle, evaluateBundle, runBundle } from "../../../src/cli/run-bundle.ts";

const require = createRequire(import.meta.url);
/** A function that is compiled when it is called, as most of a program's. */
const sourceOf = (value: string): string =>
  `(function(module,require,bundleUrl){const value=()=>"${value}";module.exports={value:value(),bundleUrl,load:(name)=>import(name),platform:require("node:os").platform()}})`;

function bundleIn(context: TestContext, source: string): string {
  const directory = mkdtempSync(join(tmpdir(), "bundle-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "program.js");
  writeFileSync(file, source);
  return file;
}

/** What V8 has compiled of another source, as if it were of this one. Their lengths are equal, and V8 compares no more. */
function recordedOf(context: TestContext, value: string): Buffer {
  const file = bundleIn(context, sourceOf(value));
  const bundle = compileBundle(file, undefined);
  evaluateBundle(bundle, file, require);
  return bundle.createCachedData();
}

const valueIn = (file: string): unknown => (runBundle(file, require) as { value: unknown }).value;

test("a bundle has its require, its place, and import of modules beside it", async (context) => {
  const file = bundleIn(context, sourceOf("one"));
  const exported = runBundle(file, require) as { bundleUrl: string; load(name: string): Promise<{ answer: number }> };
  assert.equal(exported.bundleUrl, pathToFileURL(file).href);
  writeFileSync(join(file, "..", "driver.mjs"), "export const answer = 42;");
  assert.equal((await exported.load("./driver.mjs")).answer, 42);
});

test("what V8 has compiled of a bundle is run instead of its source", (context) => {
  const file = bundleIn(context, sourceOf("one"));
  const recorded = recordedOf(context, "two");
  writeFileSync(codeCacheFile(file), Buffer.concat([recorded, recorded]));
  assert.equal(valueIn(file), "two");
});

test("a damaged code cache, with which V8 would crash, is ignored", (context) => {
  const recorded = recordedOf(context, "two");
  const whole = Buffer.concat([recorded, recorded]);
  const damaged = Array.from({ length: 20 }, (_, part) => {
    const at = Math.floor((whole.length * part) / 20);
    return Buffer.from(whole).fill(0, at, Math.min(at + 512, whole.length));
  });
  const contents = [...damaged, whole.subarray(0, -1), recorded, whole.subarray(0, 1024), Buffer.alloc(0)];
  for (const [index, content] of contents.entries()) {
    // V8 remembers what it has compiled in this process.
    const value = String(100 + index);
    const file = bundleIn(context, sourceOf(value));
    writeFileSync(codeCacheFile(file), content);
    assert.equal(valueIn(file), value);
  }
});

test("the code cache of a longer source, or of other flags, is refused by V8", (context) => {
  const recorded = recordedOf(context, "three");
  const bundle = compileBundle(bundleIn(context, sourceOf("one")), recorded);
  assert.equal(bundle.cachedDataRejected, true);
});
