import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { DiskHungError, directDiskCalls } from "../../../../src/system/disk/calls.ts";
import { DiskThread } from "../../../../src/system/disk/thread.ts";
import { startDiskWorker } from "../../../../src/system/disk/worker.ts";
import type { operations } from "../../../support/disk-thread-operations.ts";
import { eventually } from "../../../support/eventually.ts";

type Operations = typeof operations;

/** Never over in a test that succeeds. */
const LONG_MS = 60_000;

const module = new URL("../../../support/disk-thread-operations.ts", import.meta.url);
const direct = directDiskCalls<Operations>({
  double: (value) => value * 2,
  fail: () => undefined,
  openToRead: () => undefined,
  writeAndOpenToRead: () => undefined,
  write: (path) => writeFileSync(path, ""),
  end: () => undefined,
});
/** Only what waits for a named pipe is given up, after 100 ms: nothing else is to hang, however busy the machine is. */
const newThread = (): DiskThread<Operations> =>
  new DiskThread<Operations>({
    module,
    direct,
    limitMs: LONG_MS,
    limitsMs: { openToRead: 100, writeAndOpenToRead: 100 },
    beginMs: LONG_MS,
  });

/** A named pipe: whoever opens it to read waits until it is let go, as on a disk that hangs. */
function namedPipe(t: TestContext): { readonly directory: string; readonly path: string; letGo(): void } {
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
  return { directory, path, letGo };
}

const isHung = (error: unknown): boolean => error instanceof DiskHungError;

test("gives the caller the operation's result, or its error with the codes", async () => {
  const thread = newThread();
  assert.equal(thread.call("double", 21), 42);
  assert.equal(await thread.callLater("double", 4), 8);
  assert.throws(() => thread.call("fail"), { message: "no room", code: "ENOSPC", errcode: 13 });
  await assert.rejects(thread.callLater("fail"), { message: "no room", code: "ENOSPC", errcode: 13 });
});

test("a call waits for the limit; then all fail at once, until what was given up is completed", async (t) => {
  const { path, letGo } = namedPipe(t);
  const thread = newThread();
  assert.equal(thread.call("double", 1), 2);
  assert.throws(() => thread.call("openToRead", path), isHung);
  assert.throws(() => thread.call("double", 2), isHung);
  await assert.rejects(thread.callLater("double", 3), isHung);
  const result = await eventually("the thread to answer again", LONG_MS, () => {
    letGo();
    return thread.call("double", 5);
  });
  assert.equal(result, 10);
});

test("a call that does not hold up the event loop notices the hang as well", async (t) => {
  const { path, letGo } = namedPipe(t);
  const thread = newThread();
  assert.equal(thread.call("double", 1), 2);
  await assert.rejects(thread.callLater("openToRead", path), isHung);
  assert.throws(() => thread.call("double", 2), isHung);
  const result = await eventually("a response", LONG_MS, () => {
    letGo();
    return thread.call("double", 5);
  });
  assert.equal(result, 10);
});

test("after its thread has ended, another one is started", async () => {
  const thread = newThread();
  await assert.rejects(thread.callLater("end"), /has ended/);
  assert.equal(thread.call("double", 3), 6);
});

test("of two operations that were given up, the disk answers again only when the later one is completed", async (t) => {
  const first = namedPipe(t);
  const second = namedPipe(t);
  const thread = newThread();
  assert.equal(thread.call("double", 1), 2);
  const begun = join(second.directory, "begun");
  const given = [
    thread.callLater("openToRead", first.path),
    thread.callLater("writeAndOpenToRead", begun, second.path),
  ];
  for (const { status } of await Promise.allSettled(given)) assert.equal(status, "rejected");
  await eventually("the second operation to begin", LONG_MS, () => {
    first.letGo();
    return existsSync(begun) || undefined;
  });
  const unwanted = join(second.directory, "unwanted");
  assert.throws(() => thread.call("write", unwanted), isHung);
  const result = await eventually("a response", LONG_MS, () => {
    second.letGo();
    return thread.call("double", 5);
  });
  assert.equal(result, 10);
  assert.equal(existsSync(unwanted), false, "what failed at once was not sent to the thread");
});

test("a response that came in time is taken although the program noticed it too late", async (t) => {
  const { directory } = namedPipe(t);
  const limitMs = 100;
  const options = { module, direct, limitMs: LONG_MS, limitsMs: { double: limitMs }, beginMs: LONG_MS };
  const thread = new DiskThread<Operations>(options);
  thread.call("write", join(directory, "first"));
  // In the phase after which Node looks at its timers, before it looks for messages.
  const result = await new Promise<Promise<number>>((resolve) => {
    setImmediate(() => {
      const until = performance.now() + limitMs + 50;
      resolve(thread.callLater("double", 4));
      const written = join(directory, "written");
      thread.callLater("write", written).catch(() => undefined);
      const sleeping = new Int32Array(new SharedArrayBuffer(4));
      while (performance.now() < until || !existsSync(written)) Atomics.wait(sleeping, 0, 0, 10);
    });
  });
  assert.equal(result, 8);
});

test("a thread that does not begin in time is ended: it never carries out what its caller has done itself", async (t) => {
  const { directory, path, letGo } = namedPipe(t);
  process.env["DISK_THREAD_PIPE"] = path;
  t.after(() => delete process.env["DISK_THREAD_PIPE"]);
  const late = new URL("../../../support/disk-thread-late.ts", import.meta.url);
  const created = once(process, "worker") as Promise<[Worker]>;
  const thread = new DiskThread<Operations>({ module: late, direct, beginMs: 300 });
  const written = join(directory, "written");
  thread.call("write", written);
  assert.equal(existsSync(written), true);
  assert.match(thread.problem ?? "", /did not start within 0\.3 s/);
  rmSync(written);
  const [worker] = await created;
  let hasEnded = false;
  worker.once("exit", () => {
    hasEnded = true;
  });
  letGo();
  await eventually("the thread to end, or to carry out the request", 60_000, () => {
    letGo();
    return hasEnded || existsSync(written) || undefined;
  });
  assert.equal(existsSync(written), false);
});

test("a thread that was started beforehand serves the first call; one that has ended meanwhile is replaced", async () => {
  const started = startDiskWorker(module);
  const thread = new DiskThread<Operations>({ module, direct, started });
  assert.equal(thread.call("double", 21), 42);
  await started.worker.terminate();
  assert.equal(thread.call("double", 3), 6);

  const ended = startDiskWorker(module);
  await ended.worker.terminate();
  const other = new DiskThread<Operations>({ module, direct, started: ended, beginMs: 60_000 });
  assert.equal(other.call("double", 4), 8);
  assert.equal(other.problem, undefined);
});

test("a thread that cannot load its module, started beforehand, ends nothing else", async () => {
  const started = startDiskWorker(new URL("file:///nowhere/module.mjs"));
  await new Promise((resolve) => started.worker.once("exit", resolve));
  assert.match(started.ended?.message ?? "", /nowhere/);
  const thread = new DiskThread<Operations>({ module, direct, started });
  assert.equal(thread.call("double", 4), 8);
});
