import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { openStateFile, type StateFile } from "../../../src/notify/state-file.ts";
import { OutboxRig, refused, stateDirectory, stopped } from "../../support/outbox-rig.ts";
import { SmallDisk } from "../../support/small-disk.ts";

const FILE = "testmonitor.sqlite";

/** An earlier run, which has left this many notifications: p0, p1 … */
function earlierRun(directory: string, count: number): OutboxRig {
  const rig = new OutboxRig(directory);
  rig.store.transaction(() => {
    rig.store.save("testmonitor", "7");
    for (let index = 0; index < count; index += 1) rig.outbox.add(`process:p${index}`, stopped(`p${index}`));
  });
  return rig;
}

/** What the next start finds on disk: subjects in their order, and the saved state. */
function onDisk(directory: string): { readonly subjects: readonly string[]; readonly saved: string | undefined } {
  const next = new OutboxRig(directory);
  const found = { subjects: next.outbox.list().map(({ subject }) => subject), saved: next.store.saved("testmonitor") };
  next.store.close();
  return found;
}

/** A small disk with what an earlier run has left on it, which was stopped in order or killed. */
function diskWithLeftovers(t: TestContext, ended: "stopped" | "killed"): SmallDisk | undefined {
  const disk = SmallDisk.mounted(t);
  if (disk === undefined) return undefined;
  const directory = stateDirectory(t);
  const rig = earlierRun(directory, 2);
  if (ended === "stopped") rig.store.close();
  for (const name of readdirSync(directory)) copyFileSync(join(directory, name), join(disk.path, name));
  rig.store.close();
  return disk;
}

for (const ended of ["stopped", "killed"] as const) {
  test(`what a run that was ${ended} left on a disk that is full now is known, and stays on disk`, async (t) => {
    const disk = diskWithLeftovers(t, ended);
    if (disk === undefined) return;
    disk.fill();
    const rig = new OutboxRig(disk.path);
    rig.outbox.add("process:new", stopped("new"));
    assert.ok(rig.store.degraded !== undefined);
    assert.deepEqual([rig.outbox.pendingCount, rig.store.saved("testmonitor")], [3, "7"]);
    disk.empty();
    await rig.clock.advance(10_000);
    assert.equal(rig.store.degraded, undefined);
    assert.equal(rig.logged("is dropped").length, 0);
    assert.deepEqual(onDisk(disk.path), { subjects: ["process:p0", "process:p1", "process:new"], saved: "7" });
    rig.store.close();
  });

  test(`what a run that was ${ended} left on a disk that is read-only now is known, and ends there when that is over`, async (t) => {
    const disk = diskWithLeftovers(t, ended);
    if (disk === undefined) return;
    rmSync(join(disk.path, `${FILE}-shm`), { force: true });
    disk.readOnly();
    const rig = new OutboxRig(disk.path);
    assert.match(rig.logged("cannot be written").join(), /critical .*read-only|critical .*EROFS/i);
    assert.equal(rig.outbox.pendingCount, 2);
    const stoppedThen = new OutboxRig(disk.path);
    const [first] = stoppedThen.outbox.list();
    stoppedThen.outbox.begin(first?.id ?? "");
    stoppedThen.outbox.settle(first?.id ?? "", refused);
    stoppedThen.outbox.add("process:new", stopped("new"));
    stoppedThen.store.close();
    assert.equal(stoppedThen.logged("is lost").length, 1, "only what is nowhere on disk is lost by a stop");
    assert.match(stoppedThen.logged("is lost").join(), /of new on/);
    rig.outbox.supersede("process:p0", "it runs again");
    disk.writable();
    await rig.clock.advance(10_000);
    assert.deepEqual(onDisk(disk.path).subjects, ["process:p1"]);
    rig.store.close();
  });
}

test("a stop while nothing can be written names each notification that is lost by it", (t) => {
  const directory = stateDirectory(t);
  writeFileSync(directory, "a file where the directory should be");
  const rig = new OutboxRig(directory);
  for (let index = 0; index < 25; index += 1) rig.outbox.add(`process:p${index}`, stopped(`p${index}`));
  rig.store.close();
  assert.equal(rig.logged("is lost: it was neither delivered").length, 20);
  assert.match(rig.logged("PROCESS STOPPED of p3 on host-1").join(), /notify Masakari by hand/);
  assert.equal(rig.logged("and 5 more are lost").length, 1);
});

test("a file that is deleted under the running monitor is recreated, with all that was in it, in its order", async (t) => {
  const directory = stateDirectory(t);
  const rig = earlierRun(directory, 2);
  rig.outbox.add("process:p0", stopped("p0", "2026-01-01T00:00:01"));
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  rig.outbox.add("process:p0", stopped("p0", "2026-01-01T00:00:02"));
  assert.match(rig.logged("critical").join(), /moved or deleted while it was in use/);
  await rig.clock.advance(10_000);
  assert.equal(rig.store.degraded, undefined);
  const next = new OutboxRig(directory);
  assert.deepEqual([next.outbox.pendingCount, next.store.saved("testmonitor")], [4, "7"]);
  assert.deepEqual(
    next.store.pendingOf("process:p0").map(({ notification }) => notification.generated_time),
    ["2026-01-01T00:00:00", "2026-01-01T00:00:01", "2026-01-01T00:00:02"],
  );
  rig.store.close();
  next.store.close();
});

test("a file that is found damaged while the monitor runs is replaced by one with all that the monitor knows", async (t) => {
  const directory = stateDirectory(t);
  let damaged = false;
  const open = (path: string): StateFile => {
    const file = openStateFile(path);
    return Object.assign(Object.create(file), {
      write(batch: Parameters<StateFile["write"]>[0]) {
        if (!damaged) return file.write(batch);
        damaged = false;
        // What is in its log would make it whole again.
        const db = new DatabaseSync(path);
        db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        db.close();
        writeFileSync(path, "this is not SQLite ".repeat(500));
        throw new Error("database disk image is malformed");
      },
      load: () => file.load(),
      read: (id: string) => file.read(id),
      close: () => file.close(),
    });
  };
  const rig = new OutboxRig(directory, { open });
  rig.store.transaction(() => rig.store.save("testmonitor", "7"));
  rig.outbox.add("process:before", stopped("before"));
  damaged = true;
  rig.outbox.add("process:after", stopped("after"));
  await rig.clock.advance(10_000);
  assert.equal(rig.store.degraded, undefined);
  assert.match(rig.logged("was moved to").join(), /what this program knows is written to that/);
  assert.deepEqual(onDisk(directory), { subjects: ["process:before", "process:after"], saved: "7" });
  rig.store.close();
});

/** sqlite.org/fileformat2.html: the first byte of a page that holds rows of a table. */
const TABLE_LEAF = 0x0d;
const PAGE = 4096;

/** Overwrites the page that the row of this subject is on. */
function damageAround(subject: string, path: string): void {
  const bytes = readFileSync(path);
  const pages = Array.from({ length: bytes.length / PAGE }, (_, index) =>
    bytes.subarray(index * PAGE, (index + 1) * PAGE),
  );
  const page = pages.find((one) => one[0] === TABLE_LEAF && one.includes(`${subject}{`));
  assert.ok(page !== undefined, "there is such a page");
  page.fill(0x55);
  writeFileSync(path, bytes);
}

test("of a file with a damaged page, all but what is on that page is kept, even where no new file can be made", async (t) => {
  for (const room of [true, false]) {
    const directory = stateDirectory(t);
    earlierRun(directory, 100).store.close();
    damageAround("process:p50", join(directory, FILE));
    let opens = 0;
    const open = (path: string): StateFile => {
      opens += 1;
      if (opens === 2 && !room) throw new Error("no space left on device");
      return openStateFile(path);
    };
    const rig = new OutboxRig(directory, { open });
    const kept = rig.outbox.list().map(({ subject }) => subject);
    assert.ok(kept.length >= 70 && kept.length < 100, `${kept.length} of 100 are kept`);
    assert.ok(kept.includes("process:p0") && kept.includes("process:p99"), "what is before and what is behind it");
    assert.equal(rig.store.saved("testmonitor"), "7");
    assert.match(
      rig.logged("was moved to").join(),
      new RegExp(`${kept.length} undelivered notifications could be read`),
    );
    await rig.clock.advance(10_000);
    assert.deepEqual(onDisk(directory), { subjects: kept, saved: "7" });
    rig.store.close();
  }
});

test("a damaged notification on disk is logged, and the others are sent", (t) => {
  const directory = stateDirectory(t);
  earlierRun(directory, 3).store.close();
  const db = new DatabaseSync(join(directory, FILE));
  db.exec(`UPDATE entry SET notification = '{"payload": {}}' WHERE subject = 'process:p1'`);
  db.close();
  const rig = new OutboxRig(directory);
  assert.match(rig.logged("critical").join(), /1 undelivered notifications in .* are damaged and cannot be sent/);
  assert.deepEqual(
    rig.outbox.list().map(({ subject }) => subject),
    ["process:p0", "process:p2"],
  );
  rig.store.close();
});

test("of unusable files the newest few are kept, even if the clock was set back", (t) => {
  const directory = stateDirectory(t);
  const rig = new OutboxRig(directory);
  rig.store.close();
  for (let times = 0; times < 5; times += 1) {
    writeFileSync(join(directory, FILE), "this is not SQLite ".repeat(500));
    rig.clock.stepWall(-3_600_000);
    const next = new OutboxRig(directory, { clock: rig.clock });
    const [aside] = next.logged("was moved to").map((line) => /moved to (\S+)/.exec(line)?.[1] ?? "");
    assert.ok(existsSync(aside ?? ""), `the one made just now is there: ${aside}`);
    next.store.close();
  }
  const kept = readdirSync(directory).filter((name) => name.includes(".unusable-"));
  assert.equal(kept.length, 3);
});

test("an id that an ended notification has is not given to a new one", (t) => {
  const rig = new OutboxRig(stateDirectory(t));
  const numbers = [0.25, 0.25, 0.5];
  t.mock.method(Math, "random", () => numbers.shift() ?? 0.75);
  const first = rig.outbox.add("process:a", stopped("a"));
  rig.outbox.supersede("process:a", "it runs again");
  const second = rig.outbox.add("process:a", stopped("a", "2026-01-01T00:00:01"));
  assert.notEqual(first, second);
  assert.equal(rig.outbox.begin(second)?.notification.generated_time, "2026-01-01T00:00:01");
  rig.store.close();
});
