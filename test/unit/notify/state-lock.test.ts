import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { lockOperations, lockStateOn } from "../../../src/notify/lock-operations.ts";
import { lockHolder, lockState, StateInUseError } from "../../../src/notify/state-lock.ts";
import { directDiskCalls } from "../../../src/system/disk/calls.ts";
import { Child } from "../../support/child.ts";
import { stateDirectory } from "../../support/outbox-rig.ts";
import { SmallDisk } from "../../support/small-disk.ts";
import { unreadable } from "../../support/unreadable-directory.ts";

const holder = fileURLToPath(new URL("../../support/lock-holder.ts", import.meta.url));
const IN_TIME = 60_000;

function another(context: TestContext, directory: string, program = "testmonitor"): Child {
  const child = new Child(process.execPath, ["--disable-warning=ExperimentalWarning", holder, directory, program]);
  context.after(() => child.stop("SIGKILL"));
  return child;
}

test("a second program gets the pid of the process that has the state, until that is killed", async (t) => {
  const directory = stateDirectory(t);
  const first = another(t, directory);
  await first.line(/^locked$/, IN_TIME);
  assert.throws(
    () => lockState(directory, "testmonitor"),
    (error: Error) =>
      error instanceof StateInUseError &&
      error.message.includes(`pid ${first.pid} (`) &&
      error.message.includes("lock-holder.ts") &&
      error.message.includes(directory),
  );
  assert.equal(lockHolder(directory, "testmonitor"), first.pid);
  assert.equal(lockHolder(directory, "instancemonitor"), undefined);
  await first.stop("SIGKILL");
  assert.equal(lockHolder(directory, "testmonitor"), undefined);
  const lock = lockState(directory, "testmonitor");
  assert.equal(lock.problem, undefined);
  const second = another(t, directory);
  assert.match(await second.line(/already/, IN_TIME), new RegExp(`pid ${process.pid} `));
  lock.release();
  const third = another(t, directory);
  await third.line(/^locked$/, IN_TIME);
});

test("each program has a lock of its own", async (t) => {
  const directory = stateDirectory(t);
  await another(t, directory, "processmonitor").line(/^locked$/, IN_TIME);
  const lock = lockState(directory, "instancemonitor");
  assert.equal(lock.problem, undefined);
  lock.release();
});

test("of several that begin at the same time, one has it", async (t) => {
  const directory = stateDirectory(t);
  const all = Array.from({ length: 4 }, () => another(t, directory));
  const lines = await Promise.all(all.map((one) => one.line(/./, IN_TIME)));
  assert.equal(lines.filter((line) => line === "locked").length, 1, lines.join("\n"));
  assert.equal(lines.filter((line) => line.includes("runs here already: pid")).length, 3, lines.join("\n"));
});

test("a full disk can be locked, one that is read-only cannot, and that is logged instead of refused", async (t) => {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return;
  disk.fill();
  const full = lockState(disk.path, "testmonitor");
  assert.equal(full.problem, undefined);
  assert.match(await another(t, disk.path).line(/./, IN_TIME), /runs here already/);
  full.release();
  assert.deepEqual(
    readdirSync(disk.path).filter((name) => name.startsWith("testmonitor")),
    ["testmonitor.lock"],
  );
  disk.readOnly();
  const readOnly = lockState(disk.path, "testmonitor");
  assert.match(
    readOnly.problem ?? "",
    /testmonitor\.lock cannot be locked \(.*read-only.*\), so a second testmonitor/i,
  );
  readOnly.release();
});

test("a directory that cannot be made is no reason to refuse either", (t) => {
  const directory = stateDirectory(t);
  writeFileSync(directory, "a file where the directory should be");
  assert.match(lockState(directory, "testmonitor").problem ?? "", /cannot be locked/);
});

test("a lock is out of place when its file is deleted, and not when the disk cannot be read", (t) => {
  const directory = stateDirectory(t);
  const lock = lockState(directory, "testmonitor");
  const restore = unreadable(directory);
  assert.equal(lock.isInPlace(), true);
  restore();
  assert.equal(lock.isInPlace(), true);
  rmSync(`${directory}/testmonitor.lock`);
  assert.equal(lock.isInPlace(), false);
  lock.release();
});

test("a lock that was released can be taken again, and keeps others out again", async (t) => {
  const directory = stateDirectory(t);
  const take = lockStateOn(directDiskCalls(lockOperations));
  take(directory, "testmonitor").release();
  assert.equal(lockHolder(directory, "testmonitor"), undefined);
  const again = take(directory, "testmonitor");
  assert.equal(again.problem, undefined);
  assert.match(await another(t, directory).line(/./, IN_TIME), new RegExp(`pid ${process.pid} `));
  again.release();
});
