import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { compileEntries } from "../../src/process/compiled-entry.ts";
import { type LookParts, look } from "../../src/process/look.ts";
import type { Sighting } from "../../src/process/observation.ts";
import type { Watched } from "../../src/process/watched-processes.ts";
import { openProcTable, type ProcessIdentity } from "../../src/system/proc-table.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { Child, startNamedProcess } from "./child.ts";
import { entryNamed } from "./process-entries.ts";

/** The process table of this host. */
export const real = openProcTable();

/** A name that processes of this test file have and no other on the machine. */
export const own = (name: string): string => `${name}-${process.pid}`;

/** No process of the test is ours here, though all are children of this one. */
export const around = (over: Partial<LookParts> = {}): LookParts => ({
  table: real,
  self: 4_194_304,
  commands: new Set(),
  watched: new Map(),
  ...over,
});

/** Ends with the test. */
export function child(context: TestContext, command: string, args: readonly string[], argv0?: string): Child {
  const started = new Child(command, args, argv0 === undefined ? {} : { argv0 });
  context.after(() => started.stop("SIGKILL"));
  return started;
}

/** A process with this first argument, which ends with the test. */
export function startProcess(context: TestContext, argv0: string): Child {
  const started = startNamedProcess(argv0);
  context.after(() => started.stop("SIGKILL"));
  return started;
}

/** As it is watched once it has been recognised. */
export function known(process: ProcessIdentity | undefined): Watched {
  assert.ok(process);
  return { ...process, whole: true, executable: real.executable(process.pid), seenAt: systemClock.now().mono };
}

/** What one look finds of an entry of this name. */
export const seen = (name: string, over?: Partial<LookParts>): Sighting | undefined =>
  look(compileEntries([entryNamed(name)]), around(over))[0];
