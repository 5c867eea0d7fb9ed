import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { codeCacheFile, compileBundle, evaluateBundle, runBundle } from "../../../src/cli/run-bundle.ts";
import type { DiskWorker } from "../../../src/system/disk/worker.ts";

/** A function that is compiled when it is called, as most of a program's. */
const sourceOf = (value: string): string =>
  `(function(require,bundleUrl){const value=()=>"${value}";require("test")({value:value(),bundleUrl,load:(name)=>import(name)})})`;

/** What a bundle shows of itself. */
interface Shown {
  readonly value: string;
  readonly bundleUrl: string;
  load(name: string): Promise<{ readonly number: number }>;
}

function shownBy(run: (require: NodeJS.Require) => void): Shown {
  const shown: Shown[] = [];
  run(((name: string) => name === "test" && ((one: Shown) => shown.push(one))) as unknown as NodeJS.Require);
  return shown[0] as Shown;
}

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
  shownBy((require) => evaluateBundle(bundle, file, require));
  return bundle.createCachedData();
}

const valueIn = (file: string): string => shownBy((require) => runBundle(file, require)).value;

test("a bundle has its require, its place, and import of modules beside it", async (context) => {
  const file = bundleIn(context, sourceOf("one"));
  const shown = shownBy((require) => runBundle(file, require));
  assert.equal(shown.bundleUrl, pathToFileURL(file).href);
  writeFileSync(join(file, "..", "driver.mjs"), "export const number = 42;");
  assert.equal((await shown.load("./driver.mjs")).number, 42);
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

test("the thread that writes to disk begins before the bundle is loaded, and the bundle has it", async (context) => {
  const source = '(function(require,bundleUrl,diskWorker){require("test")({value:typeof diskWorker,diskWorker})})';
  const file = bundleIn(context, source);
  const thread = join(file, "..", "thread.cjs");
  writeFileSync(thread, 'const{workerData}=require("node:worker_threads");workerData.port.postMessage("here")');
  const { diskWorker } = shownBy((require) => runBundle(file, require, thread)) as Shown & { diskWorker: DiskWorker };
  assert.deepEqual(await once(diskWorker.port, "message"), ["here"]);
  await diskWorker.worker.terminate();
  diskWorker.port.close();
  assert.equal(valueIn(file), "undefined");
});
