import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isDead, openProcTable, ProcTableError } from "../../../src/system/proc-table.ts";
import { startNamedProcess } from "../../support/child.ts";
import { startZombie } from "../../support/zombie.ts";

function fakeProc(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "proc-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("this process is in the table as it is", () => {
  const table = openProcTable();
  assert.ok(table.pids().includes(process.pid));
  assert.equal(table.commandLine(process.pid)?.split("\0")[0], process.argv0);
  const stat = table.stat(process.pid);
  assert.equal(stat?.parent, process.ppid);
  assert.equal(stat && isDead(stat), false);
  assert.equal(table.stat(process.pid)?.startTime, stat?.startTime);
  assert.equal(table.user(process.pid), process.geteuid?.());
  assert.equal(table.executable(process.pid)?.path, realpathSync(process.execPath));
  assert.equal(table.executable(2 ** 22 + 1), undefined);
});

test("a process that has ended is undefined, not an error", async () => {
  const child = startNamedProcess("/bin/short-lived");
  const table = openProcTable();
  assert.equal(table.commandLine(child.pid), "/bin/short-lived\x00900\0");
  await child.stop("SIGKILL");
  assert.equal(table.commandLine(child.pid), undefined);
  assert.equal(table.stat(child.pid), undefined);
});

test("a zombie has no command line and is dead", async (context) => {
  const table = openProcTable();
  const { pid, parent } = await startZombie("short-lived", table);
  context.after(() => parent.stop("SIGKILL"));
  assert.equal(table.stat(pid)?.state, "Z");
  assert.equal(table.commandLine(pid), "");
});

test("a process in the kernel's exit is dead before it is a zombie, unless further threads go on", () => {
  const ending = { pid: 1, startTime: 1, name: "x", parent: 1, state: "R", exiting: true };
  assert.equal(isDead({ ...ending, threads: 1 }), true);
  assert.equal(isDead({ ...ending, threads: 2 }), false);
  assert.equal(isDead({ ...ending, exiting: false, threads: 1 }), false);
});

test("names with spaces and parentheses do not move the fields of stat", (context) => {
  const rest = `S 77 ${Array.from({ length: 17 }, (_, index) => index).join(" ")} 4242 1 2`;
  const root = fakeProc(context, { "12/stat": `12 (a) R 1 (b c)) ${rest}\n`, "12/cmdline": "", "self/stat": "x" });
  const table = openProcTable(root);
  assert.deepEqual(table.pids(), [12]);
  assert.deepEqual(table.stat(12), {
    pid: 12,
    name: "a) R 1 (b c)",
    state: "S",
    parent: 77,
    threads: 15,
    // The fake field 9 is 4.
    exiting: true,
    startTime: 4242,
  });
});

test("a command line is cut at 64 KiB", (context) => {
  const root = fakeProc(context, { "1/cmdline": "x".repeat(200_000) });
  assert.equal(openProcTable(root).commandLine(1)?.length, 65_536);
});

test("a table that cannot be read is an error, not an empty table", (context) => {
  const root = fakeProc(context, { "1/cmdline/directory": "" });
  assert.throws(() => openProcTable(root).commandLine(1), ProcTableError);
  assert.throws(() => openProcTable(join(root, "missing")).pids(), ProcTableError);
});
