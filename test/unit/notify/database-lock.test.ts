import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Child } from "../../support/child.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { SmallDisk } from "../../support/small-disk.ts";

const FILE = "testmonitor.sqlite";

/** Runs statements in another process, as the sqlite3 shell would, and closes the database. */
function inAnotherProcess(path: string, sql: string): void {
  const script = `const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(${JSON.stringify(path)}); db.exec(${JSON.stringify(sql)}); db.close();`;
  execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--eval", script]);
}

/** Another process that holds a transaction until it is stopped. */
async function holdTransaction(context: TestContext, path: string): Promise<Child> {
  const script = `const { DatabaseSync } = require("node:sqlite");
    globalThis.db = new DatabaseSync(${JSON.stringify(path)}); db.exec("BEGIN IMMEDIATE"); console.log("holds");
    setInterval(() => undefined, 60_000);`;
  const child = new Child(process.execPath, ["--disable-warning=ExperimentalWarning", "--eval", script]);
  context.after(() => child.stop("SIGKILL"));
  await child.line(/holds/, 60_000);
  return child;
}

/**
 * Whether this process has an fcntl lock on the file (proc(5), /proc/locks). The kernel shows them a page at a time, by their place in the
 * list: one may be left out while other processes take and give back theirs, so a single look is no proof that there is none.
 */
function isLocked(path: string): boolean {
  const { ino } = statSync(path);
  const look = () =>
    readFileSync("/proc/locks", "utf8")
      .split("\n")
      .some((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `));
  return Array.from({ length: 20 }).some(look);
}

/** What a start would find if this process were killed now: subjects in order. Copied by another process, for the locks' sake. */
function afterCrash(context: TestContext, directory: string): readonly string[] {
  const copy = stateDirectory(context);
  execFileSync("cp", ["-a", directory, copy]);
  const next = new OutboxRig(copy);
  const subjects = next.outbox.list().map(({ subject }) => subject);
  next.store.close();
  return subjects;
}

/** The database is locked: nobody who opens and closes it takes its log away, so that nothing is lost by a crash. */
function assertSafe(context: TestContext, rig: OutboxRig, subjects: readonly string[]): void {
  const path = join(rig.statePath, FILE);
  assert.equal(rig.store.degraded, undefined);
  assert.ok(isLocked(path), "the database is locked");
  const { ino } = statSync(`${path}-wal`);
  inAnotherProcess(path, "SELECT count(*) FROM entry");
  assert.equal(statSync(`${path}-wal`).ino, ino, "its log is still there");
  rig.outbox.add("process:last", stopped("last"));
  assert.deepEqual(afterCrash(context, rig.statePath), [...subjects, "process:last"]);
}

test("after another program held a transaction for too long, nothing is lost by a crash", async (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  rig.outbox.add("process:first", stopped("first"));
  const other = await holdTransaction(t, join(rig.statePath, FILE));
  rig.outbox.add("process:busy", stopped("busy"));
  assert.match(rig.logged("critical").join(), /Another program holds a transaction on it/);
  await rig.clock.advance(6000);
  assert.match(rig.store.degraded ?? "", /locked/);
  await other.stop("SIGKILL");
  await rig.clock.advance(6000);
  assertSafe(t, rig, ["process:first", "process:busy"]);
  rig.store.close();
});

test("after the disk was full, nothing is lost by a crash", async (t) => {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return;
  const rig = new OutboxRig(disk.path);
  rig.outbox.add("process:first", stopped("first"));
  disk.fill();
  const subjects = ["process:first"];
  while (rig.store.degraded === undefined) {
    subjects.push(`process:${subjects.length}`);
    rig.outbox.add(subjects.at(-1) ?? "", stopped("full"));
  }
  await rig.clock.advance(6000);
  assert.ok(rig.store.degraded !== undefined);
  disk.empty();
  await rig.clock.advance(6000);
  assertSafe(t, rig, subjects);
  rig.store.close();
});

for (const suffix of ["", "-wal", "-shm"]) {
  for (const how of ["deleted", "replaced"] as const) {
    test(`a ${FILE}${suffix} that is ${how} under the running monitor is noticed, and everything is in its place again`, (t) => {
      const rig = new OutboxRig(stateDirectory(t));
      const path = join(rig.statePath, FILE);
      rig.outbox.add("process:ended", stopped("ended"));
      rig.outbox.supersede("process:ended", "it runs again");
      rig.outbox.add("process:first", stopped("first"));
      rmSync(path + suffix);
      if (how === "replaced") writeFileSync(path + suffix, "", { mode: 0o600 });
      // Noticed by a look as well as by a write.
      if (how === "deleted") assert.equal(rig.store.renewed(), true);
      else rig.outbox.add("process:second", stopped("second"));
      assert.equal(rig.logged("critical").length, 1);
      assert.match(rig.logged("critical").join(), /moved or deleted while it was in use: a new database was started/);
      assertSafe(t, rig, how === "deleted" ? ["process:first"] : ["process:first", "process:second"]);
      assert.deepEqual(
        rig.outbox.listEnded().map(({ subject, state }) => [subject, state]),
        [["process:ended", "superseded"]],
      );
      rig.store.close();
    });
  }
}

test("a directory that is deleted while the disk is full comes back when there is room", async (t) => {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return;
  const rig = new OutboxRig(join(disk.path, "state"));
  rig.outbox.add("process:first", stopped("first"));
  rmSync(rig.statePath, { recursive: true });
  // As if its place could not be had again.
  writeFileSync(rig.statePath, "");
  rig.store.renewed();
  assert.match(rig.store.degraded ?? "", /a new one cannot be made/);
  rmSync(rig.statePath);
  await rig.clock.advance(6000);
  assertSafe(t, rig, ["process:first"]);
  rig.store.close();
});

test("what another user may have put in the database's place is neither followed nor believed", (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  rig.outbox.add("process:planted", stopped("planted"));
  rig.store.close();
  const path = join(directory, FILE);
  const elsewhere = join(directory, "elsewhere");
  execFileSync("mv", [path, elsewhere]);
  execFileSync("chmod", ["0644", elsewhere]);
  symlinkSync(elsewhere, path);
  const linked = new OutboxRig(directory);
  assert.deepEqual([linked.outbox.pendingCount, linked.store.degraded], [0, undefined]);
  assert.match(linked.logged("critical").join(), /is a symbolic link\. It was moved to/);
  assert.equal(lstatSync(elsewhere).mode & 0o777, 0o644);
  linked.store.close();
  if (process.getuid?.() !== 0) return;
  execFileSync("mv", [elsewhere, path]);
  chownSync(path, 65534, 65534);
  const foreign = new OutboxRig(directory);
  assert.deepEqual([foreign.outbox.pendingCount, foreign.store.degraded], [0, undefined]);
  assert.match(foreign.logged("critical").join(), /belongs to user 65534/);
  foreign.store.close();
});

test("a notification that this monitor never makes is not sent, whoever has put it into its database", (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  rig.outbox.add("process:ours", stopped("ours"));
  rig.outbox.add("host:other", { ...stopped("x"), type: "COMPUTE_HOST", hostname: "other" });
  rig.store.close();
  for (const count of [1, 0]) {
    const next = new OutboxRig(directory, { types: ["PROCESS"] });
    assert.deepEqual(
      next.outbox.list().map(({ subject }) => subject),
      ["process:ours"],
    );
    assert.equal(next.logged("is dropped: this monitor never makes such").length, count);
    next.store.close();
  }
});
