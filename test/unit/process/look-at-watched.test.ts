import assert from "node:assert/strict";
import { test } from "node:test";
import { isDead } from "../../../src/system/proc-table.ts";
import { eventually } from "../../support/eventually.ts";
import { child, known, own, real, seen } from "../../support/process-looks.ts";
import { SimulatedTable } from "../../support/process-table.ts";

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

/** Becomes another program on SIGUSR1. */
const EXEC_ON_SIGNAL = "trap 'exec -a svc-after sleep 900' USR1; echo up; while :; do sleep 0.05; done";

/** A process of which only a second thread lives. */
const HEADLESS = `
import ctypes, threading, time
threading.Thread(target=lambda: time.sleep(900)).start()
ctypes.CDLL(None).pthread_exit(0)
`;

test("a watched process that has become another program is not taken for the entry's", async (context) => {
  const shell = child(context, "/bin/bash", ["-c", EXEC_ON_SIGNAL], own("svc-before"));
  await shell.line(/up/, 60_000);
  const startTime = real.stat(shell.pid)?.startTime ?? 0;
  const watched = new Map([[own("svc-before"), known({ pid: shell.pid, startTime })]]);
  shell.signal("SIGUSR1");
  await eventually("the exec", 60_000, () => real.commandLine(shell.pid)?.startsWith("svc-after") || undefined);
  assert.deepEqual(seen(own("svc-before"), { watched }), { key: own("svc-before"), replacedBy: "svc-after 900" });
});

test("a watched process that rewrites its command line stays the entry's, to any text and to none", async (context) => {
  const python = child(context, "/usr/bin/python3", ["-c", RETITLER], own("svc-moody"));
  await python.line(/up/, 60_000);
  const startTime = real.stat(python.pid)?.startTime ?? 0;
  const watched = new Map([[own("svc-moody"), known({ pid: python.pid, startTime })]]);
  await python.line(/titled/, 60_000);
  assert.match(real.commandLine(python.pid) ?? "", /^zzz/);
  assert.deepEqual(seen(own("svc-moody"), { watched }), {
    key: own("svc-moody"),
    whole: { pid: python.pid, startTime },
  });
  assert.deepEqual(seen(own("svc-moody")), { key: own("svc-moody") }, "only the watched process is recognised");
});

test("a process whose first thread has ended lives as long as the others", async (context) => {
  const python = child(context, "/usr/bin/python3", ["-c", HEADLESS]);
  const stat = await eventually("the end of the first thread", 60_000, () => {
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
  assert.equal(seen("svc", { table, watched })?.whole?.pid, 20, "what it executes cannot be read");
});

test("workers that outlive their program under titles without its name are not taken for it, what has replaced it is", () => {
  const table = new SimulatedTable();
  table.add({ pid: 31, startTime: 600 }, "uwsgi", { raw: "uWSGI worker 1\0" });
  const watched = new Map([["uwsgi", { pid: 30, startTime: 500, whole: true, executable: undefined, seenAt: 9000 }]]);
  assert.deepEqual(seen("uwsgi", { table, watched }), { key: "uwsgi" });
  assert.equal(seen("uwsgi", { table })?.whole?.pid, 31, "without a program watched before it may be the program");
  table.add({ pid: 40, startTime: 901 }, "uwsgi", { raw: "uWSGI master\0" });
  assert.equal(seen("uwsgi", { table, watched })?.whole?.pid, 40);
});
