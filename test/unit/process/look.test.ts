import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import { compileEntries } from "../../../src/process/compiled-entry.ts";
import { look } from "../../../src/process/look.ts";
import type { ProcTable } from "../../../src/system/proc-table.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { around, child, known, own, real, seen, startProcess } from "../../support/process-looks.ts";
import { SimulatedTable } from "../../support/process-table.ts";
import { startZombie } from "../../support/zombie.ts";

test("a real process is found by its base name and by its full path", (context) => {
  const { pid } = startProcess(context, `/opt/look-1/${own("svc-alpha")}`);
  const found = { pid, startTime: real.stat(pid)?.startTime };
  assert.deepEqual(seen(own("svc-alpha"))?.whole, found);
  assert.deepEqual(seen(`/opt/look-1/${own("svc-alpha")}`)?.whole, found);
  assert.equal(seen(`/opt/look-2/${own("svc-alpha")}`)?.whole, undefined);
});

test("the scripts of real interpreters are found", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, own("svc-node")), "console.log('up'); setInterval(() => {}, 1000)");
  writeFileSync(join(directory, own("svc-shell")), "echo up; while :; do sleep 1; done");
  const node = child(context, process.execPath, ["--no-warnings", join(directory, own("svc-node"))]);
  const shell = child(context, "/bin/bash", ["-u", join(directory, own("svc-shell"))]);
  await Promise.all([node.line(/up/, 60_000), shell.line(/up/, 60_000)]);
  assert.equal(seen(own("svc-node"))?.whole?.pid, node.pid);
  assert.equal(seen(own("svc-shell"))?.whole?.pid, shell.pid);
});

test("upstream bug: a log being followed or a helper does not keep a dead service alive", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "look-"));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, `${own("svc-beta")}.log`), "up\n");
  const tail = child(context, "/usr/bin/tail", ["-f", join(directory, `${own("svc-beta")}.log`)]);
  await tail.line(/up/, 60_000);
  assert.deepEqual(seen(own("svc-beta")), { key: own("svc-beta") });
  const helper = startProcess(context, `/usr/bin/${own("svc-beta")}-helper`);
  const sighting = seen(own("svc-beta"));
  assert.equal(sighting?.whole, undefined);
  const [partial] = sighting?.partials ?? [];
  assert.deepEqual([partial?.pid, partial?.shown], [helper.pid, `/usr/bin/${own("svc-beta")}-helper 900`]);
});

test("zombies do not count", async (context) => {
  const { parent } = await startZombie(own("svc-zombie"), real);
  context.after(() => parent.stop("SIGKILL"));
  assert.deepEqual(seen(own("svc-zombie")), { key: own("svc-zombie") });
});

test("this process, its descendants and those of the commands that run for it do not count", (context) => {
  const { pid } = startProcess(context, `/bin/${own("svc-child")}`);
  assert.equal(seen(own("svc-child"))?.whole?.pid, pid);
  assert.equal(seen(own("svc-child"), { self: pid })?.whole, undefined);
  assert.equal(seen(own("svc-child"), { self: process.pid })?.whole, undefined);
  assert.equal(seen(own("svc-child"), { commands: new Set([pid]) })?.whole, undefined);
  assert.equal(seen(own("svc-child"), { commands: new Set([process.pid]) })?.whole, undefined);
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
  const entries = ["svc-rest-1", "svc-rest-2"].map((name) => entryNamed(own(name)));
  for (const { process_name } of entries) startProcess(context, process_name);
  const sightings = look(compileEntries(entries), around());
  const watched = new Map(sightings.map(({ key, whole }) => [key, known(whole)]));
  const { table, reads } = counting();
  assert.deepEqual(look(compileEntries(entries), around({ table, watched })), sightings);
  assert.equal(reads.length, 4);
  assert.ok(!reads.includes("pids"));
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
  const sighting = (more: Partial<ProcessEntry>) =>
    look(compileEntries([entryNamed("svc", more)]), around({ table }))[0];
  assert.equal(sighting({})?.whole?.pid, 20);
  assert.deepEqual(sighting({ user: "root" }), { key: "svc" });
  assert.deepEqual(sighting({ user: "0", match: "regex" }), { key: "svc" });
  assert.equal(sighting({ user: "1000" })?.whole?.pid, 20);
  table.add({ pid: 23, startTime: 2 }, "svc");
  assert.equal(sighting({ user: "root" })?.whole?.pid, 23);
  assert.equal(sighting({ user: "root", match: "substring" })?.whole?.pid, 23);
});
