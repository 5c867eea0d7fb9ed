import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compileEntries } from "../../../src/process/compiled-entry.ts";
import { look } from "../../../src/process/look.ts";
import { startNamedProcess } from "../../support/child.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { around, known, real, startProcess } from "../../support/process-looks.ts";

test("the process is the one that the pidfile names, whatever it is called", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const pidfile = join(directory, "svc.pid");
  const entries = compileEntries([entryNamed("svc-by-file", { pidfile })]);
  const sighting = () => look(entries, around())[0];
  assert.match(sighting()?.problem ?? "", /ENOENT/);
  for (const garbage of ["", "none\n", "-5\n", "99999999999999\n", "12x\n"]) {
    writeFileSync(pidfile, garbage);
    assert.match(sighting()?.problem ?? "", /holds no process id/);
  }
  const service = startNamedProcess("/bin/another-name");
  writeFileSync(pidfile, `${service.pid}\n/var/lib/data\n`);
  assert.equal(sighting()?.whole?.pid, service.pid);
  await service.stop("SIGKILL");
  assert.match(sighting()?.problem ?? "", /there is no process/);
});

test("a pidfile is read as far as its pid, and never waited for", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const at = (pidfile: string) => look(compileEntries([entryNamed("svc-by-file", { pidfile })]), around())[0];
  const { pid } = startProcess(context, "/bin/svc-by-file");
  const long = join(directory, "long.pid");
  writeFileSync(long, `${pid}\n${"x".repeat(100_000)}`);
  assert.equal(at(long)?.whole?.pid, pid);
  const pipe = join(directory, "pipe.pid");
  execFileSync("mkfifo", [pipe]);
  assert.match(at(pipe)?.problem ?? "", /holds no process id/);
  assert.match(at("/dev/zero")?.problem ?? "", /holds no process id/);
  assert.match(at(directory)?.problem ?? "", /EISDIR/);
});

test("a pidfile that cannot be read for want of descriptors is no sign of a death", () => {
  const script = `
    import { openSync } from "node:fs";
    import { byPidfile } from ${JSON.stringify(import.meta.resolve("../../../src/process/pidfile.ts"))};
    import { openProcTable } from ${JSON.stringify(import.meta.resolve("../../../src/system/proc-table.ts"))};
    const parts = { table: openProcTable(), self: 1, before: undefined };
    try { for (;;) openSync("/dev/null"); } catch {}
    try { console.log(byPidfile("svc", {}, "/proc/self/stat", parts)); } catch (error) { console.log(error.code); }`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  const limited = ["--nofile=200:200", process.execPath, ...flags];
  assert.equal(execFileSync("prlimit", limited, { encoding: "utf8" }), "PROC_TABLE_UNREADABLE\n");
});

test("a stale pidfile, whose pid is another program's by now, is not taken for the service", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const pidfile = join(directory, "svc.pid");
  const sighting = (name: string, watched = new Map()) =>
    look(compileEntries([entryNamed(name, { pidfile })]), around({ watched }))[0];
  const { pid } = startProcess(context, "/opt/new/svc-reused");
  const writtenBefore = (seconds: number) => {
    writeFileSync(pidfile, `${pid}\n`);
    const then = Date.now() / 1000 - seconds;
    utimesSync(pidfile, then, then);
  };
  writtenBefore(600);
  assert.match(sighting("svc-gone")?.problem ?? "", /is stale: process \d+ began after it was written/);
  assert.equal(sighting("/usr/bin/svc-reused")?.whole?.pid, pid, "the file may have been copied; the name is right");
  const watched = new Map([["svc-gone", known({ pid, startTime: real.stat(pid)?.startTime ?? 0 })]]);
  assert.equal(sighting("svc-gone", watched)?.whole?.pid, pid, "a clock that is set does not make it another process");
  writtenBefore(0);
  assert.equal(sighting("svc-gone")?.whole?.pid, pid, "a strange name alone does not make it another process");
});
