import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ProcessEntry } from "../../../src/config/process-entry.ts";
import type { CommonEffect } from "../../../src/monitor/contract.ts";
import { type ProcessMonitor, processMonitor } from "../../../src/process/monitor.ts";
import type { ProcessEffect, ProcessObservation, ProcessSettings } from "../../../src/process/observation.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { type ExitCalls, libcExitCalls } from "../../../src/system/pidfd.ts";
import { openProcTable, type ProcTable, ProcTableError } from "../../../src/system/proc-table.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { killIfThere } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { entryNamed, plainSettings } from "../../support/process-entries.ts";

/** Carried out by the loop, for every monitor alike. */
function isTheLoops(effect: CommonEffect | ProcessEffect): effect is CommonEffect {
  return ["notify", "supersede", "cancelWake", "caughtUp"].includes(effect.kind);
}

const table = openProcTable();

/** A monitor on this real host, with a loop that keeps nothing, and services that are no children of this process. */
class Host {
  readonly directory = mkdtempSync(join(tmpdir(), "monitor-"));
  readonly log = new KeptLog();
  readonly effects: (CommonEffect | ProcessEffect)[] = [];
  entries: readonly ProcessEntry[] = [];
  readonly #stop = new AbortController();
  #sensing: Promise<void> = Promise.resolve();

  constructor(context: TestContext) {
    writeFileSync(this.listPath, "");
    context.after(async () => {
      this.#stop.abort();
      await this.#sensing;
      for (const { process_name } of this.entries) {
        for (const pid of this.pidsOf(process_name)) killIfThere(pid);
      }
      rmSync(this.directory, { recursive: true, force: true });
    });
  }

  get listPath(): string {
    return join(this.directory, "list");
  }

  /** No other process of the machine has such a name. */
  named(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** A command that starts the service detached, as a service manager would. */
  startCommand(name: string): string {
    const script = join(this.directory, `start-${name}`);
    writeFileSync(script, `setsid -f /bin/bash -c 'exec -a "$0" sleep 300' ${this.named(name)} >/dev/null 2>&1\n`);
    return `/bin/bash ${script}`;
  }

  /** A command that runs until the test has ended. */
  endlessCommand(): string {
    const script = join(this.directory, "endless");
    writeFileSync(script, `while [ -e ${this.listPath} ]; do sleep 0.2; done\n`);
    return `/bin/bash ${script}`;
  }

  pidsOf(name: string): number[] {
    return table.pids().filter((pid) => table.commandLine(pid)?.startsWith(`${name}\0`));
  }

  service(name: string): Promise<number> {
    spawn("/bin/bash", this.startCommand(name).split(" ").slice(1), { stdio: "ignore" });
    return eventually(`${name} to run`, 60_000, () => this.pidsOf(this.named(name))[0], 5);
  }

  start(
    entries: readonly ProcessEntry[],
    settings: Partial<ProcessSettings>,
    other: {
      readonly exitCalls?: () => ExitCalls;
      readonly table?: ProcTable;
      readonly conditions?: Conditions;
    } = {},
  ): ProcessMonitor {
    this.entries = entries;
    const monitor = processMonitor({
      settings: { ...plainSettings, settle: 0, ...settings },
      processListPath: this.listPath,
      loadProcessList: () => Promise.resolve({ entries: this.entries, diagnostics: [] }),
      clock: systemClock,
      log: this.log,
      ...other,
    });
    const { signal } = this.#stop;
    let { initial: state } = monitor;
    const queue: ProcessObservation[] = [];
    let draining: boolean = false;
    const observe = (observation: ProcessObservation) => {
      if (signal.aborted) return;
      queue.push(observation);
      if (draining) return;
      draining = true;
      for (let next = queue.shift(); next; next = queue.shift()) {
        const decision = monitor.decide(state, next);
        ({ state } = decision);
        for (const effect of decision.effects) carryOut(effect);
      }
      draining = false;
    };
    const carryOut = (effect: CommonEffect | ProcessEffect) => {
      this.effects.push(effect);
      if (effect.kind === "log") this.log[effect.level](effect.text);
      else if (effect.kind === "wake") {
        const timer = systemClock.setTimer(effect.afterMs, () =>
          observe({ kind: "woke", at: systemClock.now(), key: effect.key }),
        );
        signal.addEventListener("abort", () => timer.cancel());
      } else if (!isTheLoops(effect)) void monitor.act(effect, observe, signal);
    };
    this.#sensing = monitor.sense(observe, signal);
    return monitor;
  }

  line(pattern: RegExp): Promise<string> {
    return eventually(`a line ${pattern}`, 60_000, () => this.log.lines.find((line) => pattern.test(line)), 2).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}\n${this.log.lines.join("\n")}`);
      },
    );
  }

  ofKind<K extends (CommonEffect | ProcessEffect)["kind"]>(kind: K) {
    return this.effects.filter((effect) => effect.kind === kind) as Extract<
      CommonEffect | ProcessEffect,
      { kind: K }
    >[];
  }
}

test("a killed service is seen at once, restarted, and running again", async (context) => {
  const host = new Host(context);
  const pid = await host.service("svc");
  // No look but those that an exit asks for.
  host.start([entryNamed(host.named("svc"), { restart_command: host.startCommand("svc") })], { check_interval: 3600 });
  await host.line(/\(pid \d+\) is running$/);
  process.kill(pid, "SIGKILL");
  await host.line(/is running again after .* restarted in round 1/);
  assert.deepEqual(
    host.ofKind("run").map(({ stage }) => stage),
    ["restart_command"],
  );
  assert.equal(host.ofKind("notify").length, 0);
});

test("a service that no restart brings back is notified once, with what Masakari expects", async (context) => {
  const host = new Host(context);
  const pid = await host.service("svc");
  const entry = entryNamed(host.named("svc"), { restart_command: "/bin/false", restart_interval: 0 });
  host.start([entry], { check_interval: 3600, restart_retries: 1 });
  await host.line(/\(pid \d+\) is running$/);
  process.kill(pid, "SIGKILL");
  await host.line(/notifying Masakari/);
  const [notify, ...more] = host.ofKind("notify");
  assert.deepEqual(more, []);
  assert.equal(notify?.subject, `process:${host.named("svc")}`);
  assert.equal(notify?.notification.type, "PROCESS");
  assert.equal(notify?.notification.hostname, "compute-1");
  assert.deepEqual(notify?.notification.payload, { event: "STOPPED", process_name: "svc" });
  assert.equal(host.ofKind("run").length, 2);
});

test("without pidfds a death is found at the next check_interval, and so is a recovery", async (context) => {
  const host = new Host(context);
  const pid = await host.service("svc");
  const entry = entryNamed(host.named("svc"), { restart_command: "/bin/false", restart_retries: 0 });
  const exitCalls = () => ({ ...libcExitCalls(), pidfdOpen: () => -38 });
  host.start([entry], { check_interval: 0.1 }, { exitCalls });
  await host.line(/\(pid \d+\) is running$/);
  process.kill(pid, "SIGKILL");
  await host.line(/notifying Masakari/);
  const before = host.ofKind("supersede").length;
  await host.service("svc");
  await host.line(/has recovered/);
  assert.equal(host.ofKind("supersede").length, before + 1);
});

test("a restart that hangs holds up no other entry", async (context) => {
  const host = new Host(context);
  const [slow, quick] = [await host.service("slow"), await host.service("quick")];
  const names = [host.named("slow"), host.named("quick")] as const;
  host.start(
    [
      entryNamed(names[0], { restart_command: host.endlessCommand(), command_timeout: 600 }),
      entryNamed(names[1], { restart_command: host.startCommand("quick") }),
    ],
    { check_interval: 3600 },
  );
  for (const name of names) await host.line(new RegExp(`${name} \\(pid \\d+\\) is running$`));
  process.kill(slow, "SIGKILL");
  await host.line(/slow: restart_command runs/);
  process.kill(quick, "SIGKILL");
  await host.line(/quick \(pid \d+\) is running again/);
  assert.ok(!host.log.lines.some((line) => /slow: restart_command (exited|did not)/.test(line)));
});

test("what a command writes is in the log, line by line; stderr is no failure", async (context) => {
  const host = new Host(context);
  const script = join(host.directory, "noisy");
  writeFileSync(
    script,
    `echo one; echo two >&2\n${readFileSync(host.startCommand("svc").split(" ")[1] ?? "", "utf8")}`,
  );
  host.start([entryNamed(host.named("svc"), { start_command: `/bin/bash ${script}` })], { check_interval: 3600 });
  await host.line(/\(pid \d+\) is running$/);
  assert.ok(host.log.lines.some((line) => /^info .*start_command stdout: one$/.test(line)));
  assert.ok(host.log.lines.some((line) => /^warning .*start_command stderr: two$/.test(line)));
});

test("a process table that cannot be read is no sign of a death, and is logged once", async (context) => {
  const host = new Host(context);
  await host.service("svc");
  let broken: boolean = false;
  const guarded =
    <A extends unknown[], R>(read: (...args: A) => R) =>
    (...args: A): R => {
      if (broken) throw new ProcTableError("/proc/1/cmdline", new Error("EMFILE: too many open files"));
      return read(...args);
    };
  const fragile = {
    pids: guarded(table.pids),
    commandLine: guarded(table.commandLine),
    stat: guarded(table.stat),
    user: table.user,
    executable: table.executable,
  };
  const conditions = new Conditions(systemClock);
  const problem = () => conditions.all.get("process table")?.problem;
  const entries = [entryNamed(host.named("svc"))];
  const monitor = host.start(entries, { check_interval: 0.05 }, { table: fragile, conditions });
  await host.line(/\(pid \d+\) is running$/);
  assert.equal(problem(), undefined);
  assert.equal(monitor.silenceLimitMs?.(), 60_050);
  broken = true;
  await host.line(/EMFILE.*cannot be checked/);
  await eventually("the condition", 60_000, () => problem()?.includes("EMFILE") || undefined);
  assert.equal(monitor.silenceLimitMs?.(), undefined, "it sees nothing, and is not stuck");
  broken = false;
  await host.line(/can be read again/);
  await eventually("the condition's end", 60_000, () => problem() === undefined || undefined);
  assert.deepEqual(host.ofKind("run"), []);
  assert.equal(host.log.lines.filter((line) => line.includes("EMFILE")).length, 1);
});

test("an edit of the list starts what is new", async (context) => {
  const host = new Host(context);
  await host.service("old");
  const old = entryNamed(host.named("old"));
  host.start([old], { check_interval: 3600 });
  await host.line(/old \(pid \d+\) is running$/);
  host.entries = [old, entryNamed(host.named("new"), { start_command: host.startCommand("new") })];
  writeFileSync(host.listPath, "edited\n");
  await host.line(/new \(pid \d+\) is running$/);
});

test("a process table that hides other users' processes is refused", async (context) => {
  const host = new Host(context);
  const monitor = processMonitor({
    settings: plainSettings,
    processListPath: host.listPath,
    loadProcessList: () => Promise.resolve({ entries: [], diagnostics: [] }),
    clock: systemClock,
    log: host.log,
    table: { ...table, stat: (pid) => (pid === 1 ? undefined : table.stat(pid)) },
  });
  await assert.rejects(
    monitor.sense(() => undefined, new AbortController().signal),
    /hidepid/,
  );
});
