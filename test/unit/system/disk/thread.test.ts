import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DiskHungError, directDiskCalls } from "../../../../src/system/disk/calls.ts";
import { DiskThread } from "../../../../src/system/disk/thread.ts";
import type { operations } from "../../../support/disk-thread-operations.ts";
import { eventually } from "../../../support/eventually.ts";

type Operations = typeof operations;

const module = new URL("../../../support/disk-thread-operations.ts", import.meta.url);
const direct = directDiskCalls<Operations>({
  double: (value) => value * 2,
  fail: () => undefined,
  openToRead: () => undefined,
  end: () => undefined,
});
const newThread = (limitMs?: number, url = module): DiskThread<Operations> =>
  new DiskThread<Operations>({ module: url, direct, ...(limitMs === undefined ? {} : { limitMs }) });

/** A named pipe: whoever opens it to read waits until it is let go, as on a disk that hangs. */
function namedPipe(t: TestContext): { readonly path: string; letGo(): void } {
  const directory = mkdtempSync(join(tmpdir(), "disk-thread-"));
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  // It fails where nobody waits any more.
  const letGo = (): void => {
    try {
      closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      return;
    }
  };
  t.after(() => {
    letGo();
    rmSync(directory, { recursive: true });
  });
  return { path, letGo };
}

const isHung = (error: unknown): boolean => error instanceof DiskHungError;

test("gives the caller the operation's result, or its error with the codes", async () => {
  const thread = newThread();
  assert.equal(thread.call("double", 21), 42);
  assert.equal(await thread.callLater("double", 4), 8);
  assert.throws(() => thread.call("fail"), { message: "no room", code: "ENOSPC", errcode: 13 });
  await assert.rejects(thread.callLater("fail"), { message: "no room", code: "ENOSPC", errcode: 13 });
});

test("a call waits for the limit; then all fail at once, until what was given up is answered", async (t) => {
  const { path, letGo } = namedPipe(t);
  const thread = newThread(100);
  assert.equal(thread.call("double", 1), 2);
  assert.throws(() => thread.call("openToRead", path), isHung);
  assert.throws(() => thread.call("double", 2), isHung);
  await assert.rejects(thread.callLater("double", 3), isHung);
  letGo();
  const result = await eventually("the thread to answer again", 10_000, () => thread.call("double", 5));
  assert.equal(result, 10);
});

test("a call that does not hold up the event loop notices the hang as well", async (t) => {
  const { path, letGo } = namedPipe(t);
  const thread = newThread(100);
  assert.equal(thread.call("double", 1), 2);
  await assert.rejects(thread.callLater("openToRead", path), isHung);
  assert.throws(() => thread.call("double", 2), isHung);
  letGo();
  assert.equal(await eventually("an answer", 10_000, () => thread.call("double", 5)), 10);
});

test("after its thread has ended, another one is started", async () => {
  const thread = newThread(200);
  await assert.rejects(thread.callLater("end"), /has ended/);
  assert.equal(thread.call("double", 3), 6);
});
