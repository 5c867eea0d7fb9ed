import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import { look, type Surroundings, type Watched } from "../../../src/process/look.ts";
import type { Sighting } from "../../../src/process/observation.ts";
import { soughtOf } from "../../../src/process/sought.ts";
import { isDead, openProcTable, type ProcessIdentity, type ProcTable } from "../../../src/system/proc-table.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { Child, startVictim } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { SimulatedTable } from "../../support/process-table.ts";
import { startZombie } from "../../support/zombie.ts";

const real = openProcTable();
/** No process of the test is ours in these surroundings, though all are children of this one. */
const around = (over: Partial<Surroundings> = {}): Surroundings => ({
  table: real,
  self: 4_194_304,
  commands: new Set(),
  watched: new Map(),
  ...over,
});

function child(context: TestContext, command: string, args: readonly string[], argv0?: string): Child {
  const started = new Child(command, args, argv0 === undefined ? {} : { argv0 });
  context.after(() => started.stop("SIGKILL"));
  return started;
}

function victim(context: TestContext, argv0: string): Child {
  const started = startVictim(argv0);
  context.after(() => started.stop("SIGKILL"));
  return started;
}

/** As it is watched once it has been recognised. */
function known(process: ProcessIdentity | undefined): Watched {
  assert.ok(process);
  return { ...process, whole: true, executable: real.executable(process.pid), seenAt: systemClock.now().mono };
}

const seen = (name: string, over?: Partial<Surroundings>): Sighting | undefined =>
  look(soughtOf([entryNamed(name)]), around(over))[0];

/** Overwrites its arguments, as setproctitle does, with the C library alone (prctl(2), PR_SET_MM needs a privilege). */
const RETITLER = `
import ctypes, re, sys, time
print("up", flush=True)
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end = int(fields[45]), int(fields[46])
ctypes.memset(start, 0, end - start)
ctypes.memmove(start, b"zzz", 3)
print("titled", flush=True)
time.sleep(900)
`;

/** Becomes another program when it is told to. */
const EXEC_ON_SIGNAL = "trap 'exec -a svc-after sleep 60' USR1; echo up; while :; do sleep 0.05; done";

/** A process of which only a second thread lives. */
const HEADLESS = `
import ctypes, threading, time
threading.Thread(target=lambda: time.sleep(900)).start()
ctypes.CDLL(None).pthread_exit(0)
`;

test("a real process is found by its base name and by its full path", (context) => {
  const { pid } = victim(context, "/opt/look-1/svc-alpha");
  const found = { pid, startTime: real.stat(pid)?.startTime };
  assert.deepEqual(seen("svc-alpha")?.whole, found);
  assert.deepEqual(seen("/opt/look-1/svc-alpha")?.whole, found);
  assert.equal(seen("/opt/look-2/svc-alpha")?.whole, undefined);
});

test("the scripts of real interpreters are found", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "svc-node"), "console.log('up'); setInterval(() => {}, 1000)");
  writeFileSync(join(directory, "svc-shell"), "echo up; while :; do sleep 1; done");
  const node = child(context, process.execPath, ["--no-warnings", join(directory, "svc-node")]);
  const shell = child(context, "/bin/bash", ["-u", join(directory, "svc-shell")]);
  await Promise.all([node.line(/up/, 5000), shell.line(/up/, 5000)]);
  assert.equal(seen("svc-node")?.whole?.pid, node.pid);
  assert.equal(seen("svc-shell")?.whole?.pid, shell.pid);
});

test("upstream bug: a log being followed or a helper does not keep a dead service alive", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "svc-beta.log"), "up\n");
  const tail = child(context, "/usr/bin/tail", ["-f", join(directory, "svc-beta.log")]);
  await tail.line(/up/, 5000);
  assert.deepEqual(seen("svc-beta"), { key: "svc-beta" });
  const helper = victim(context, "/usr/bin/svc-beta-helper");
  const sighting = seen("svc-beta");
  assert.equal(sighting?.whole, undefined);
  const [partial] = sighting?.partials ?? [];
  assert.deepEqual([partial?.pid, partial?.shown], [helper.pid, "/usr/bin/svc-beta-helper 900"]);
});

test("zombies do not count", async (context) => {
  const { parent } = await startZombie("svc-zombie", real);
  context.after(() => parent.stop("SIGKILL"));
  assert.deepEqual(seen("svc-zombie"), { key: "svc-zombie" });
});

test("this process, its descendants and those of the commands that run for it do not count", (context) => {
  const { pid } = victim(context, "/bin/svc-child");
  assert.equal(seen("svc-child")?.whole?.pid, pid);
  assert.equal(seen("svc-child", { self: pid })?.whole, undefined);
  assert.equal(seen("svc-child", { self: process.pid })?.whole, undefined);
  assert.equal(seen("svc-child", { commands: new Set([pid]) })?.whole, undefined);
  assert.equal(seen("svc-child", { commands: new Set([process.pid]) })?.whole, undefined);
});

test("a shell above us that has the name in its command line is not even a partial match", () => {
  const table = new SimulatedTable();
  table.add({ pid: 50, startTime: 1 }, "launcher svc-parent");
  table.add({ pid: 60, startTime: 1 }, "us", { parent: 50 });
  assert.equal(seen("svc-parent", { table, self: 60 })?.partials, undefined);
  assert.equal(seen("svc-parent", { table, self: 61 })?.partials?.[0]?.pid, 50);
});

/** A table that counts what is read of it. */
function counting(): { table: ProcTable; reads: string[] } {
  const reads: string[] = [];
  const table: ProcTable = {
    pids: () => {
      reads.push("pids");
      return real.pids();
    },
    commandLine: (pid) => {
      reads.push(`cmdline ${pid}`);
      return real.commandLine(pid);
    },
    stat: (pid) => {
      reads.push(`stat ${pid}`);
      return real.stat(pid);
    },
    user: real.user,
    executable: (pid) => {
      reads.push(`exe ${pid}`);
      return real.executable(pid);
    },
  };
  return { table, reads };
}

test("at rest only the watched processes are read, and a process more on the host costs nothing", (context) => {
  const entries = ["svc-rest-1", "svc-rest-2"].map((name) => entryNamed(name));
  for (const { process_name } of entries) victim(context, process_name);
  const sightings = look(soughtOf(entries), around());
  const watched = new Map(sightings.map(({ key, whole }) => [key, known(whole)]));
  const { table, reads } = counting();
  assert.deepEqual(look(soughtOf(entries), around({ table, watched })), sightings);
  assert.equal(reads.length, 4);
  assert.ok(!reads.includes("pids"));
});

test("a watched process that has become another program is not taken for the entry's", async (context) => {
  const shell = child(context, "/bin/bash", ["-c", EXEC_ON_SIGNAL], "svc-before");
  await shell.line(/up/, 5000);
  const startTime = real.stat(shell.pid)?.startTime ?? 0;
  const watched = new Map([["svc-before", known({ pid: shell.pid, startTime })]]);
  shell.signal("SIGUSR1");
  await eventually("the exec", 5000, () => real.commandLine(shell.pid)?.startsWith("svc-after") || undefined);
  assert.deepEqual(seen("svc-before", { watched }), { key: "svc-before", replacedBy: "svc-after 60" });
});

test("a watched process that rewrites its command line stays the entry's, to any text and to none", async (context) => {
  const python = child(context, "/usr/bin/python3", ["-c", RETITLER], "svc-moody");
  await python.line(/up/, 10_000);
  const startTime = real.stat(python.pid)?.startTime ?? 0;
  const watched = new Map([["svc-moody", known({ pid: python.pid, startTime })]]);
  await python.line(/titled/, 10_000);
  assert.match(real.commandLine(python.pid) ?? "", /^zzz/);
  assert.deepEqual(seen("svc-moody", { watched }), { key: "svc-moody", whole: { pid: python.pid, startTime } });
  assert.deepEqual(seen("svc-moody"), { key: "svc-moody" }, "nobody else would know");
});

test("a process whose first thread has ended lives as long as the others", async (context) => {
  const python = child(context, "/usr/bin/python3", ["-c", HEADLESS]);
  const stat = await eventually("the end of the first thread", 10_000, () => {
    const now = real.stat(python.pid);
    return now?.state === "Z" ? now : undefined;
  });
  assert.equal(isDead(stat), false);
  const watched = new Map([["svc", known({ pid: python.pid, startTime: stat.startTime })]]);
  assert.equal(seen("svc", { watched })?.whole?.pid, python.pid);
});

test("between two programs a process has no command line, and is not judged by that", () => {
  const table = new SimulatedTable();
  const before = { path: "/bin/bash", file: "1:1" };
  const one = table.add({ pid: 20, startTime: 9 }, "svc", { executable: { path: "/bin/python3", file: "1:2" } });
  const watched = new Map([["svc", { pid: 20, startTime: 9, whole: true, executable: before, seenAt: 90 }]]);
  one.raw = "";
  assert.equal(seen("svc", { table, watched })?.whole?.pid, 20);
  one.raw = "zzz\0";
  assert.equal(seen("svc", { table, watched })?.replacedBy, "zzz");
  one.executable = { path: "/bin/bash", file: "1:3" };
  assert.equal(seen("svc", { table, watched })?.whole?.pid, 20, "an upgrade of what it executes");
  one.executable = { path: "/bin/bash.old", file: "1:1" };
  assert.equal(seen("svc", { table, watched })?.whole?.pid, 20, "a rename of what it executes");
  table.seesExecutables = false;
  assert.equal(seen("svc", { table, watched })?.whole?.pid, 20, "nobody can tell");
});

test("workers that outlive their program under titles without its name are not taken for it, what has replaced it is", () => {
  const table = new SimulatedTable();
  table.add({ pid: 31, startTime: 600 }, "uwsgi", { raw: "uWSGI worker 1\0" });
  const watched = new Map([["uwsgi", { pid: 30, startTime: 500, whole: true, executable: undefined, seenAt: 9000 }]]);
  assert.deepEqual(seen("uwsgi", { table, watched }), { key: "uwsgi" });
  assert.equal(seen("uwsgi", { table })?.whole?.pid, 31, "nobody knows that it is a worker");
  table.add({ pid: 40, startTime: 901 }, "uwsgi", { raw: "uWSGI master\0" });
  assert.equal(seen("uwsgi", { table, watched })?.whole?.pid, 40);
});

test("of several processes the oldest is chosen, and a watched one is kept", () => {
  const table = new SimulatedTable();
  for (const [pid, startTime] of [
    [30, 500],
    [20, 900],
    [40, 500],
  ] as const) {
    table.add({ pid, startTime }, "svc");
  }
  const watching = (startTime: number) =>
    new Map([["svc", { pid: 20, startTime, whole: true, executable: undefined, seenAt: 9000 }]]);
  assert.equal(seen("svc", { table })?.whole?.pid, 30);
  assert.equal(seen("svc", { table, watched: watching(900) })?.whole?.pid, 20);
  assert.equal(seen("svc", { table, watched: watching(899) })?.whole?.pid, 30);
});

test("of an entry with a user only that user's processes count", () => {
  const table = new SimulatedTable();
  table.add({ pid: 20, startTime: 1 }, "svc", { user: 1000 });
  table.add({ pid: 21, startTime: 1 }, "svc", { user: 1000, raw: "zzz\0" });
  table.add({ pid: 22, startTime: 1 }, "helper-of-svc", { user: 1000 });
  const sighting = (more: Partial<ProcessEntry>) => look(soughtOf([entryNamed("svc", more)]), around({ table }))[0];
  assert.equal(sighting({})?.whole?.pid, 20);
  assert.deepEqual(sighting({ user: "root" }), { key: "svc" });
  assert.deepEqual(sighting({ user: "0", match: "regex" }), { key: "svc" });
  assert.equal(sighting({ user: "1000" })?.whole?.pid, 20);
  table.add({ pid: 23, startTime: 2 }, "svc");
  assert.equal(sighting({ user: "root" })?.whole?.pid, 23);
  assert.equal(sighting({ user: "root", match: "substring" })?.whole?.pid, 23);
});

test("a pidfile says who it is, whatever the process is called", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const pidfile = join(directory, "svc.pid");
  const sought = soughtOf([entryNamed("svc-by-file", { pidfile })]);
  const sighting = () => look(sought, around())[0];
  assert.match(sighting()?.problem ?? "", /ENOENT/);
  for (const garbage of ["", "none\n", "-5\n", "99999999999999\n", "12x\n"]) {
    writeFileSync(pidfile, garbage);
    assert.match(sighting()?.problem ?? "", /holds no process id/);
  }
  const service = startVictim("/bin/another-name");
  writeFileSync(pidfile, `${service.pid}\n/var/lib/data\n`);
  assert.equal(sighting()?.whole?.pid, service.pid);
  await service.stop("SIGKILL");
  assert.match(sighting()?.problem ?? "", /there is no process/);
});

test("a pidfile is read as far as its pid, and never waited for", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const at = (pidfile: string) => look(soughtOf([entryNamed("svc-by-file", { pidfile })]), around())[0];
  const { pid } = victim(context, "/bin/svc-by-file");
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
    look(soughtOf([entryNamed(name, { pidfile })]), around({ watched }))[0];
  const { pid } = victim(context, "/opt/new/svc-reused");
  const writtenBefore = (seconds: number) => {
    writeFileSync(pidfile, `${pid}\n`);
    const then = Date.now() / 1000 - seconds;
    utimesSync(pidfile, then, then);
  };
  writtenBefore(600);
  assert.match(sighting("svc-gone")?.problem ?? "", /is stale: process \d+ began after it was written/);
  assert.equal(sighting("/usr/bin/svc-reused")?.whole?.pid, pid, "the file may have been copied; the name is right");
  const watched = new Map([["svc-gone", known({ pid, startTime: real.stat(pid)?.startTime ?? 0 })]]);
  assert.equal(sighting("svc-gone", watched)?.whole?.pid, pid, "a clock that is set makes nobody another");
  writtenBefore(0);
  assert.equal(sighting("svc-gone")?.whole?.pid, pid, "a strange name alone makes nobody another");
});
