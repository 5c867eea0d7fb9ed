import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";
import { OutboxRig, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { SmallDisk } from "../../support/small-disk.ts";

const FILE = "testmonitor.sqlite";

test("the directory is its owner's alone, the file too", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  rig.outbox.add("process:a", stopped("a"));
  assert.equal(statSync(rig.statePath).mode & 0o777, 0o700);
  for (const name of readdirSync(rig.statePath)) {
    assert.equal(statSync(join(rig.statePath, name)).mode & 0o777, 0o600, name);
  }
  rig.store.close();
});

test("the file is in WAL mode, so that a reader never holds up the monitor", (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  rig.store.close();
  const db = new DatabaseSync(join(directory, FILE));
  assert.equal(db.prepare("PRAGMA journal_mode").get()?.journal_mode, "wal");
  db.close();
});

test("what one run committed, the next one has; order and saved state included", (t) => {
  const directory = stateDirectory(t);
  const first = new OutboxRig(directory);
  first.store.transaction(() => {
    first.store.save("testmonitor", '{"down":["b"]}');
    first.outbox.add("process:b", stopped("b"));
  });
  first.outbox.add("process:a", stopped("a", "2026-01-01T00:00:01"));
  first.outbox.add("process:b", stopped("b", "2026-01-01T00:00:02"));
  // No close: as if it had been killed.
  const second = new OutboxRig(directory);
  assert.equal(second.store.saved("testmonitor"), '{"down":["b"]}');
  assert.deepEqual(
    second.store.pendingOf("process:b").map((entry) => entry.notification.generated_time),
    ["2026-01-01T00:00:00", "2026-01-01T00:00:02"],
  );
  assert.equal(second.outbox.pendingCount, 3);
  first.store.close();
  second.store.close();
});

test("a transaction that throws changes nothing and calls no listener", (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  const changed: string[] = [];
  rig.outbox.onChange((subject) => changed.push(subject));
  assert.throws(
    () =>
      rig.store.transaction(() => {
        rig.store.save("testmonitor", "1");
        rig.outbox.add("process:a", stopped("a"));
        throw new Error("no");
      }),
    /no/,
  );
  assert.equal(rig.store.saved("testmonitor"), undefined);
  assert.deepEqual([rig.outbox.pendingCount, rig.outbox.counters.added, changed], [0, 0, []]);
  rig.outbox.add("process:b", stopped("b"));
  assert.deepEqual(changed, ["process:b"]);
  rig.store.close();
});

test("a file that is no database is moved aside loudly and a new one begun", (t) => {
  const directory = stateDirectory(t);
  mkdirSync(directory);
  writeFileSync(join(directory, FILE), "this is not SQLite ".repeat(500));
  const rig = new OutboxRig(directory);
  assert.equal(rig.store.degraded, undefined);
  assert.equal(rig.logged("critical").length, 1);
  assert.ok(readdirSync(directory).some((name) => name.startsWith(`${FILE}.unusable-`)));
  rig.outbox.add("process:a", stopped("a"));
  assert.equal(new OutboxRig(directory).outbox.pendingCount, 1);
});

test("what can be read of a damaged file is kept", (t) => {
  const directory = stateDirectory(t);
  const first = new OutboxRig(directory);
  first.store.transaction(() => first.store.save("testmonitor", "7"));
  first.outbox.add("process:a", stopped("a"));
  first.store.close();
  const db = new DatabaseSync(join(directory, FILE));
  db.exec("PRAGMA user_version = 99");
  db.close();
  const second = new OutboxRig(directory);
  assert.match(second.logged("critical").join(), /newer release.*1 undelivered/);
  assert.equal(second.outbox.pendingCount, 1);
  second.store.close();
  const third = new OutboxRig(directory);
  assert.deepEqual([third.outbox.pendingCount, third.store.saved("testmonitor")], [1, "7"]);
  third.store.close();
});

test("damage inside the file is found at the start", (t) => {
  const directory = stateDirectory(t);
  const first = new OutboxRig(directory);
  for (let index = 0; index < 200; index += 1) first.outbox.add(`process:${index}`, stopped(`${index}`));
  first.store.close();
  const path = join(directory, FILE);
  const size = statSync(path).size;
  const bytes = Buffer.alloc(size - 8192, 0x55);
  const db = new DatabaseSync(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  execFileSync("dd", [`of=${path}`, "bs=1", "seek=4096", "conv=notrunc", "status=none"], { input: bytes });
  const second = new OutboxRig(directory);
  assert.equal(second.logged("critical").length, 1);
  assert.equal(second.store.degraded, undefined);
  second.store.close();
});

test("a directory that cannot be made degrades to memory, logs that once, and recovers by itself", async (t) => {
  const directory = stateDirectory(t);
  writeFileSync(directory, "a file where the directory should be");
  const rig = new OutboxRig(directory);
  rig.store.transaction(() => rig.store.save("testmonitor", "1"));
  const id = rig.outbox.add("process:a", stopped("a"));
  await rig.clock.advance(60_000);
  assert.equal(rig.logged("cannot be written").length, 1);
  assert.equal(rig.outbox.begin(id)?.id, id);
  rmSync(directory);
  await rig.clock.advance(60_000);
  assert.equal(rig.logged("can be written again").length, 1);
  assert.equal(rig.store.degraded, undefined);
  const next = new OutboxRig(directory);
  assert.deepEqual([next.outbox.pendingCount, next.store.saved("testmonitor")], [1, "1"]);
  rig.store.close();
  next.store.close();
});

test("what an earlier run left in a file that could not be read at the start is not sent", async (t) => {
  const directory = stateDirectory(t);
  const first = new OutboxRig(directory);
  first.outbox.add("process:a", stopped("a"));
  first.store.close();
  const elsewhere = `${directory}-not-mounted`;
  renameSync(directory, elsewhere);
  const open = (path: string): StateFile => {
    if (!existsSync(directory)) throw new Error("not mounted yet");
    return openStateFile(path);
  };
  const second = new OutboxRig(directory, { open });
  second.outbox.add("process:b", stopped("b"));
  renameSync(elsewhere, directory);
  await second.clock.advance(10_000);
  assert.deepEqual(
    second.outbox.list().map((entry) => entry.subject),
    ["process:b"],
  );
  assert.equal(second.logged("is dropped: its file could not be read").length, 1);
  assert.deepEqual(
    second.outbox.listEnded().map((entry) => [entry.subject, entry.state]),
    [["process:a", "dropped"]],
  );
  second.store.close();
});

test("a commit after the close is not silently lost", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  rig.store.close();
  rig.outbox.add("process:a", stopped("a"));
  assert.match(rig.logged("critical").join(), /cannot be written \(it is closed\)/);
});

test("a full disk loses nothing that is in memory, and everything is on disk once there is room", async (t) => {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return;
  const directory = disk.path;
  const rig = new OutboxRig(directory);
  rig.outbox.add("process:before", stopped("before"));
  disk.fill();
  let count = 0;
  while (rig.store.degraded === undefined && count < 5000) rig.outbox.add(`process:${count}`, stopped(`${count++}`));
  assert.match(rig.store.degraded ?? "", /full|I\/O/);
  rig.store.transaction(() => rig.store.save("testmonitor", "2"));
  const ended = rig.outbox.add("process:ended", stopped("ended"));
  rig.outbox.begin(ended);
  rig.outbox.settle(ended, { outcome: "delivered", notificationUuid: "u" });
  await rig.clock.advance(30_000);
  assert.equal(rig.logged("cannot be written").length, 1);
  assert.equal(rig.outbox.pendingCount, count + 1);
  disk.empty();
  await rig.clock.advance(30_000);
  assert.equal(rig.logged("can be written again").length, 1);
  const next = new OutboxRig(directory);
  assert.deepEqual([next.outbox.pendingCount, next.store.saved("testmonitor")], [count + 1, "2"]);
  assert.equal(next.outbox.listEnded()[0]?.state, "delivered");
  rig.store.close();
  next.store.close();
});

test("of the entries that have left the outbox, the newest thousand are kept", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  for (let index = 0; index < 1005; index += 1) {
    rig.outbox.add("process:a", stopped("a"));
    rig.outbox.supersede("process:a", `${index}`);
  }
  const ended = rig.outbox.listEnded();
  assert.deepEqual([ended.length, ended[0]?.reason, ended.at(-1)?.reason], [1000, "1004", "5"]);
  rig.store.close();
});
