import assert from "node:assert/strict";
import fs, { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openDatabase } from "../../../../src/control-plane/store/database.ts";
import { openLogSync } from "../../../../src/control-plane/store/log-sync.ts";

type Done = (error: Error | null) => void;

/** A database's log, and the fdatasync calls that wait for the test to end them. */
function open(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "log-sync-"));
  const path = join(directory, "control-plane.sqlite");
  const database = openDatabase(path);
  const running: { readonly file: string; readonly done: Done }[] = [];
  context.mock.method(fs, "fdatasync", (descriptor: number, done: Done) => {
    running.push({ file: fs.readlinkSync(`/proc/self/fd/${descriptor}`), done });
  });
  syncBuiltinESMExports();
  const log = openLogSync(path, database.shared);
  context.after(() => {
    context.mock.restoreAll();
    syncBuiltinESMExports();
    log.close();
    database.close();
    rmSync(directory, { recursive: true });
  });
  return { log, running, wal: `${path}-wal` };
}

/** Until everything that can run without the disk has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("commits that wait for the disk at the same time share one fdatasync, which begins after all of them", async (context) => {
  const { log, running, wal } = open(context);
  const ended: string[] = [];
  const commit = (name: string) => void log.sync().then(() => ended.push(name));
  commit("one");
  await settled();
  for (const name of ["two", "three", "four"]) commit(name);
  await settled();
  assert.deepEqual(running.length, 1, "the second waits for the first");
  running[0]?.done(null);
  await settled();
  assert.deepEqual([ended, running.length], [["one"], 2]);
  running[1]?.done(null);
  await settled();
  assert.deepEqual([ended, running.length], [["one", "two", "three", "four"], 2]);
  assert.deepEqual(
    running.map(({ file }) => file),
    [wal, wal],
  );
});

test("after a disk error nothing is taken for written, until the database is opened again", async (context) => {
  const { log, running } = open(context);
  const first = log.sync();
  const second = settled().then(() => log.sync());
  await settled();
  const problem = () => log.problem?.message;
  assert.equal(problem(), undefined);
  running[0]?.done(new Error("EIO: i/o error, fdatasync"));
  await assert.rejects(first, /EIO/);
  await assert.rejects(second, /EIO/);
  await assert.rejects(log.sync(), /EIO/);
  assert.deepEqual([running.length, problem()], [1, "EIO: i/o error, fdatasync; restart the control plane"]);
});

test("a disk that hangs is waited for 30 s, and what comes later is refused at once until it goes on", async (context) => {
  const { log, running } = open(context);
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const first = log.sync();
  await settled();
  const second = log.sync();
  await settled();
  context.mock.timers.tick(29_999);
  await settled();
  assert.equal(log.problem, undefined);
  context.mock.timers.tick(1);
  for (const one of [first, second, log.sync()])
    await assert.rejects(one, /the disk has not completed a write for 30 s/);
  assert.match(String(log.problem), /30 s/);
  assert.equal(running.length, 1);
  running[0]?.done(null);
  await settled();
  running[1]?.done(null);
  await settled();
  assert.equal(log.problem, undefined);
  const after = log.sync();
  await settled();
  running[2]?.done(null);
  await after;
});
