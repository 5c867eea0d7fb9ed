import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Monitor } from "../../../src/monitor/contract.ts";
import { Loop } from "../../../src/monitor/loop.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { decide } from "../../../src/process/decide.ts";
import type { ProcessEffect, ProcessObservation, Sighting } from "../../../src/process/observation.ts";
import { kept, restoreState } from "../../../src/process/saved-state.ts";
import { initialState, type ProcessState } from "../../../src/process/state.ts";
import { OutboxRig, stateDirectory } from "../../support/outbox-rig.ts";
import { entryNamed, plainSettings } from "../../support/process-entries.ts";

/** The boot in which the file of version 0.1.0 was made, and the process of libvirtd then. */
const BOOT = "c0ffee00-0000-4000-8000-000000000001";
const RUNNING = { pid: 102, startTime: 1020 };
const NAMES = ["nova-compute", "libvirtd", "ovs-vswitchd"];

/** One run of the process monitor's loop on what is on disk; the effects are kept, and not carried out. */
class MonitorRun {
  readonly effects: ProcessEffect[] = [];
  readonly rig: OutboxRig;
  readonly #loop: Loop<ProcessState, ProcessObservation, ProcessEffect>;

  constructor(statePath: string) {
    this.rig = new OutboxRig(statePath, { program: "processmonitor" });
    const monitor: Monitor<ProcessState, ProcessObservation, ProcessEffect> = {
      name: "processmonitor",
      initial: initialState,
      kept,
      restore: restoreState,
      decide,
      sense: () => Promise.resolve(),
      act: async (effect: ProcessEffect) => void this.effects.push(effect),
    };
    const parts = { ...this.rig, progress: noProgress() };
    this.#loop = new Loop(monitor, parts, new AbortController().signal, assert.ifError);
    this.#loop.start();
  }

  start(bootId: string, names = NAMES): void {
    this.#loop.observe({
      kind: "started",
      at: this.rig.clock.now(),
      bootId,
      bootedAt: -1e9,
      systemd: false,
      pauses: [],
      settings: plainSettings,
      entries: names.map((name) => entryNamed(name, { start_command: "" })),
    });
  }

  see(...sightings: readonly Sighting[]): void {
    this.#loop.observe({ kind: "seen", at: this.rig.clock.now(), sightings });
  }

  /** What is saved, by keys. */
  get rows(): Readonly<Record<string, string>> {
    const { store } = this.rig;
    return Object.fromEntries([["", store.saved("processmonitor") ?? ""], ...store.savedUnder("processmonitor/")]);
  }
}

/** A run on a copy of what version 0.1.0 left. */
function runAfter010(context: TestContext): MonitorRun {
  const statePath = stateDirectory(context);
  mkdirSync(statePath, { recursive: true, mode: 0o700 });
  const file = new URL("../../fixtures/state-0.1.0/processmonitor.sqlite", import.meta.url);
  copyFileSync(file, join(statePath, "processmonitor.sqlite"));
  const run = new MonitorRun(statePath);
  context.after(() => run.rig.store.close());
  return run;
}

test("a state saved by 0.1.0 is taken over: what was notified is not notified again, what was watched is watched", (context) => {
  const run = runAfter010(context);
  run.start(BOOT);
  run.see({ key: "libvirtd", whole: RUNNING }, { key: "nova-compute" });
  assert.equal(run.rig.outbox.pendingCount, 1);
  assert.equal(run.rig.logged("nova-compute is still down, as notified at 2026-01-01T00:00:02.000Z").length, 1);
  assert.ok(run.effects.some((effect) => effect.kind === "watch" && effect.process.pid === RUNNING.pid));
});

test("a state saved by 0.1.0 becomes a row for each entry at once, with the same contents", (context) => {
  const run = runAfter010(context);
  const rows = run.rows;
  assert.deepEqual(new Set(Object.keys(rows)), new Set(["", ...NAMES.map((name) => `processmonitor/entries/${name}`)]));
  assert.deepEqual(JSON.parse(rows[""] ?? ""), { version: 2, bootId: BOOT });
  const failed = JSON.parse(rows["processmonitor/entries/nova-compute"] ?? "") as { toldAt: unknown };
  assert.deepEqual(failed.toldAt, { wall: 1767225602000, mono: 3000 });
});

test("what 0.1.0 notified is withdrawn after a reboot, when it runs again and when it is not in the list any more", (context) => {
  const rebooted = runAfter010(context);
  rebooted.start("another boot");
  assert.equal(rebooted.rig.outbox.pendingCount, 0);

  const recovered = runAfter010(context);
  recovered.start(BOOT);
  recovered.see({ key: "nova-compute", whole: { pid: 30_000, startTime: 1 } });
  assert.equal(recovered.rig.outbox.pendingCount, 0);

  const removed = runAfter010(context);
  removed.start(BOOT, ["libvirtd"]);
  assert.equal(removed.rig.outbox.pendingCount, 0);
  assert.ok(!Object.keys(removed.rows).some((key) => key.includes("nova-compute")));
});

test("a program that ends before it has started to sense keeps what was saved", (context) => {
  const first = runAfter010(context);
  first.rig.store.close();
  const second = new MonitorRun(first.rig.statePath);
  context.after(() => second.rig.store.close());
  second.start(BOOT);
  second.see({ key: "nova-compute" });
  assert.equal(second.rig.logged("is still down, as notified").length, 1);
});

test("a death among 1000 entries writes the row of that entry alone", (context) => {
  const run = new MonitorRun(stateDirectory(context));
  context.after(() => run.rig.store.close());
  const names = Array.from({ length: 1000 }, (_, index) => `p${index}`);
  const process = { pid: 100, startTime: 1 };
  run.start(BOOT, names);
  run.see(...names.map((key) => ({ key, whole: process })));
  const before = run.rows;
  run.see({ key: "p500" });
  const now = run.rows;
  assert.deepEqual(
    Object.keys(now).filter((key) => now[key] !== before[key]),
    ["processmonitor/entries/p500"],
  );
});

test("a saved row that cannot be read is logged with its problem, and left out; the others are kept", (context) => {
  const run = runAfter010(context);
  const row = { key: "p", match: "program", pidfile: null, seenAs: "whole", toldAt: "yesterday" };
  run.rig.store.transaction(() => run.rig.store.save("processmonitor/entries/p", JSON.stringify(row)));
  run.rig.store.close();
  const next = new MonitorRun(run.rig.statePath);
  context.after(() => next.rig.store.close());
  assert.match(
    next.rig.log.lines.join("\n"),
    /warning The saved state of processmonitor has 1 unreadable row; starting fresh for that, everything else is kept\. The first: entries\/p: toldAt: .*"yesterday"/,
  );
  next.start(BOOT);
  next.see({ key: "nova-compute" });
  assert.equal(next.rig.logged("is still down, as notified").length, 1);
});

test("a state of another release, or a damaged one, is logged, and the monitor starts without it", (context) => {
  for (const rest of ['{"version":3,"bootId":"b"}', '{"version":2}', "[]", "{"]) {
    const run = runAfter010(context);
    run.rig.store.transaction(() => run.rig.store.save("processmonitor", rest));
    run.rig.store.close();
    const next = new MonitorRun(run.rig.statePath);
    context.after(() => next.rig.store.close());
    assert.equal(next.rig.logged("is unreadable; starting fresh").length, 1, rest);
  }
});
