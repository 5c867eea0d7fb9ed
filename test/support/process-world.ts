import assert from "node:assert/strict";
import type { ProcessEntry } from "../../src/config/process-entry.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import { decide } from "../../src/process/decide.ts";
import { closedEyes, type EyesParts, lookNow, stopWatchingFor, watchFor } from "../../src/process/eyes.ts";
import type {
  ProcessEffect,
  ProcessObservation,
  ProcessSettings,
  Stage,
  SystemdAnswer,
  UnitState,
} from "../../src/process/observation.ts";
import type { Pause } from "../../src/process/pauses.ts";
import { kept, restoreState } from "../../src/process/saved-state.ts";
import { soughtOf } from "../../src/process/sought.ts";
import { type EntryState, initialState, keyed, type ProcessState } from "../../src/process/state.ts";
import type { Instant } from "../../src/system/clock.ts";
import type { ProcessIdentity } from "../../src/system/proc-table.ts";
import { KeptLog } from "./kept-log.ts";
import { plainSettings } from "./process-entries.ts";
import { SimulatedTable } from "./process-table.ts";
import { savedOf } from "./saved.ts";

type Effect = CommonEffect | ProcessEffect;
type Run = Extract<ProcessEffect, { kind: "run" }>;

/** What a command does in this world: it ends after `ms` (it hangs if that is over its time-out), and may bring the process up. */
export interface Behaviour {
  readonly ms: number;
  readonly succeeds: boolean;
  /** ms after the command began; the process appears then, whatever the exit code. */
  readonly appearsAfter?: number;
  /** ms that the process lives; for ever if undefined. */
  readonly livesFor?: number;
}

/** What systemd says about a unit in this state, on a host that runs. */
export function unitIs(active: string, over: Partial<UnitState> = {}, system = "running"): SystemdAnswer {
  const unit: UnitState = {
    active,
    result: "success",
    job: false,
    mainPid: 0,
    mainStarted: 0,
    mainExited: 0,
    activeExited: 0,
    timeoutsMs: 180_000,
    ...over,
  };
  return { system, unit };
}

interface Told {
  readonly at: number;
  readonly subject: string;
  readonly time: string;
  readonly processName: string;
}

/**
 * Processes, commands, systemd and the loop around `decide`, under a virtual clock: one call of `run` is minutes of a host's
 * life. Everything that happens is in `log`, and `onDecision` sees each decision.
 */
export class ProcessWorld {
  state: ProcessState = initialState;
  entries: readonly ProcessEntry[];
  settings: ProcessSettings;
  /** ms since boot. */
  mono = 1000;
  wallOffset = Date.UTC(2026, 0, 1);
  bootId = "boot-1";
  /** Exits are told at once; otherwise only looks find them. */
  pidfd: boolean = true;
  /** Looks find nothing out. */
  blind: boolean = false;
  /** When the last look failed, mono. */
  blindAt = 0;
  behave: (run: Run) => Behaviour = () => ({ ms: 10, succeeds: true, appearsAfter: 5 });
  /** Sees each command as it begins. */
  onRun: (run: Run) => void = () => undefined;
  /** The boot was long ago. */
  bootedAt = -1e9;
  /** systemd manages the host, and answers so; undefined: it does not. */
  systemd: ((key: string, unit: string | undefined) => SystemdAnswer | undefined) | undefined;
  onDecision: (before: ProcessState, observation: ProcessObservation, effects: readonly Effect[]) => void = () =>
    undefined;
  /** Since its start the monitor has said that what earlier runs left may be sent. */
  caughtUp = false;
  /** The last answer about each entry. */
  readonly answers = new Map<string, { readonly at: number; readonly answer: SystemdAnswer | undefined }>();
  readonly conditions = new Map<string, string | undefined>();
  readonly log: string[] = [];
  readonly runs: { readonly at: number; readonly key: string; readonly stage: Stage }[] = [];
  readonly told: Told[] = [];
  /** Subjects whose last word in the outbox is a notification. */
  readonly standing = new Map<string, Told>();
  readonly #pauses = new Map<string, number>();
  readonly #alive = new Map<string, ProcessIdentity[]>();
  /** All processes there are. */
  readonly table = new SimulatedTable();
  #eyes = closedEyes();
  readonly #lookLog = new KeptLog();
  /** The list that `#eyes` looks for. */
  #soughtFor: readonly ProcessEntry[] | undefined;
  #wakes = new Map<string, object>();
  #queue: { at: number; order: number; job: () => void }[] = [];
  #order = 0;
  #nextPid = 100;
  /** One per life of the monitor's program. */
  #incarnation = 0;
  /** One per run of sensing in it. */
  #sensing = 0;
  #observations: ProcessObservation[] = [];
  #deciding: boolean = false;
  #monitorRuns: boolean = false;
  #lookPending: boolean = false;

  constructor(entries: readonly ProcessEntry[], settings: Partial<ProcessSettings> = {}) {
    this.entries = entries;
    this.settings = { ...plainSettings, ...settings };
  }

  now(): Instant {
    return { mono: this.mono, wall: this.mono + this.wallOffset };
  }

  after(ms: number, job: () => void): void {
    this.#queue.push({ at: this.mono + ms, order: this.#order++, job });
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.mono + ms;
    for (;;) {
      this.#queue.sort((one, other) => one.at - other.at || one.order - other.order);
      const [next] = this.#queue;
      if (!next || next.at > end) break;
      this.#queue.shift();
      this.mono = next.at;
      next.job();
    }
    this.mono = end;
  }

  /** The program starts; or, if it runs, sensing begins anew in it, as the supervisor does after a failure. */
  startMonitor(): void {
    this.#monitorRuns = true;
    this.caughtUp = false;
    const sensing = ++this.#sensing;
    this.#open();
    this.#eyes.pauses = this.#pausesNow();
    this.note("monitor starts");
    this.observe({
      kind: "started",
      at: this.now(),
      bootId: this.bootId,
      bootedAt: this.bootedAt,
      systemd: this.systemd !== undefined,
      pauses: this.#pausesNow(),
      settings: this.settings,
      entries: this.entries,
    });
    const check = () => {
      if (sensing !== this.#sensing) return;
      this.look();
      this.after(this.settings.check_interval * 1000, check);
    };
    this.after(this.settings.check_interval * 1000, check);
  }

  /** As by kill -9: only what was saved is left. Commands that run go on, and nobody hears how they end. */
  stopMonitor(): void {
    this.note("monitor is killed");
    this.#monitorRuns = false;
    this.#incarnation++;
    this.#sensing++;
    this.#lookPending = false;
    this.#open();
    this.#wakes = new Map();
    this.state = restoreState(savedOf(kept, this.state)) ?? initialState;
  }

  reboot(): void {
    this.bootId = `${this.bootId}'`;
    for (const pid of this.table.pids()) this.table.remove(pid);
    this.bootedAt = this.mono;
    this.#alive.clear();
    this.note("host reboots");
  }

  edit(entries: readonly ProcessEntry[]): void {
    this.entries = entries;
    this.note(`list is edited: ${keyed(entries).map(({ key }) => key)}`);
    if (this.#monitorRuns) this.observe({ kind: "entriesChanged", at: this.now(), entries });
  }

  reload(settings: Partial<ProcessSettings>): void {
    this.settings = { ...this.settings, ...settings };
    if (this.#monitorRuns) this.observe({ kind: "settingsChanged", at: this.now(), settings: this.settings });
  }

  isAlive(key: string): boolean {
    return (this.#alive.get(key) ?? []).length > 0;
  }

  birth(key: string, livesFor?: number): ProcessIdentity {
    const process = { pid: this.#nextPid++, startTime: Math.floor(this.mono / 10) };
    this.table.add(process, key);
    this.#alive.set(key, [...(this.#alive.get(key) ?? []), process]);
    this.note(`${key}: pid ${process.pid} begins`);
    if (livesFor !== undefined) this.after(livesFor, () => this.end(key, process));
    return process;
  }

  /** Kills all processes of the entry, oldest first, at one instant. */
  kill(key: string): void {
    for (const process of [...(this.#alive.get(key) ?? [])]) this.end(key, process);
  }

  end(key: string, process: ProcessIdentity): void {
    const alive = this.#alive.get(key) ?? [];
    if (!alive.includes(process)) return;
    this.#alive.set(
      key,
      alive.filter((one) => one !== process),
    );
    this.table.remove(process.pid);
    this.note(`${key}: pid ${process.pid} ends`);
    const incarnation = this.#incarnation;
    this.after(0, () => {
      if (incarnation !== this.#incarnation || !this.pidfd) return;
      if ([...this.#eyes.watched.values()].some((one) => one.pid === process.pid)) {
        this.observe({ kind: "exited", at: this.now(), process: { ...process } });
      }
    });
  }

  phaseOf(key: string): EntryState["phase"] | undefined {
    return this.state.entries.get(key)?.phase;
  }

  /** As by `masakari-monitors pause`; the next look sees it. */
  pause(key: string, ms: number): void {
    this.note(`${key}: paused for ${ms / 1000} s`);
    this.#pauses.set(key, this.mono + ms);
  }

  resume(key: string): void {
    this.note(`${key}: resumed`);
    this.#pauses.delete(key);
  }

  isPaused(key: string): boolean {
    return this.mono < (this.#pauses.get(key) ?? 0);
  }

  #pausesNow(): readonly Pause[] {
    const now = [...this.#pauses].filter(([, until]) => until > this.mono);
    return now.map(([key, until]) => ({ key, until, untilWall: until, reason: "work", by: "root" }));
  }

  look(): void {
    if (this.blind) {
      this.blindAt = this.mono;
      return;
    }
    if (this.#soughtFor !== this.entries) this.#eyes.sought = soughtOf(this.entries);
    this.#soughtFor = this.entries;
    lookNow(this.#eyes, this.#eyesParts(), (observation) => this.observe(observation));
  }

  /** Begins to see: nothing is watched yet. */
  #open(): void {
    this.#eyes = closedEyes();
    this.#soughtFor = undefined;
  }

  #eyesParts(): EyesParts {
    const unused = () => assert.fail("looking takes no time");
    const clock = { now: () => this.now(), setTimer: unused, sleep: unused };
    return { table: this.table, clock, log: this.#lookLog, self: 1, pauses: () => this.#pausesNow() };
  }

  observe(observation: ProcessObservation): void {
    this.#observations.push(observation);
    if (this.#deciding) return;
    this.#deciding = true;
    for (let next = this.#observations.shift(); next; next = this.#observations.shift()) this.#decide(next);
    this.#deciding = false;
  }

  note(text: string): void {
    this.log.push(`${(this.mono / 1000).toFixed(3)} ${text}`);
  }

  #decide(observation: ProcessObservation): void {
    const before = this.state;
    const { state, effects } = decide(before, observation);
    this.state = state;
    // As the loop does: what is owed is in the outbox before any other effect.
    for (const effect of effects) this.#owe(effect);
    this.onDecision(before, observation, effects);
    for (const effect of effects) this.#act(effect);
  }

  #owe(effect: Effect): void {
    if (effect.kind === "notify") {
      const { subject, notification } = effect;
      const processName = String(notification.payload.process_name);
      const told = { at: this.mono, subject, time: notification.generated_time, processName };
      this.told.push(told);
      this.standing.set(subject, told);
      this.note(`notify ${subject}`);
    }
    if (effect.kind === "supersede") {
      this.standing.delete(effect.subject);
      this.note(`supersede ${effect.subject}: ${effect.reason}`);
    }
  }

  #act(effect: Effect): void {
    const incarnation = this.#incarnation;
    const still = (job: () => void) => () => {
      if (incarnation === this.#incarnation) job();
    };
    switch (effect.kind) {
      case "caughtUp":
        this.caughtUp = true;
        return;
      case "log":
        this.note(`${effect.level}: ${effect.text}`);
        return;
      case "wake": {
        const token = {};
        this.#wakes.set(effect.key, token);
        this.after(
          effect.afterMs,
          still(() => {
            if (this.#wakes.get(effect.key) !== token) return;
            this.#wakes.delete(effect.key);
            this.observe({ kind: "woke", at: this.now(), key: effect.key });
          }),
        );
        return;
      }
      case "cancelWake":
        this.#wakes.delete(effect.key);
        return;
      case "scan":
        if (this.#lookPending) return;
        this.#lookPending = true;
        this.after(0, () => {
          if (incarnation !== this.#incarnation) return;
          this.#lookPending = false;
          this.look();
        });
        return;
      case "watch":
        watchFor(this.#eyes, this.#eyesParts(), effect);
        if (this.pidfd && this.table.stat(effect.process.pid)?.startTime !== effect.process.startTime) {
          this.observe({ kind: "exited", at: this.now(), process: effect.process });
        }
        return;
      case "unwatch":
        stopWatchingFor(this.#eyes, effect.key);
        return;
      case "askSystemd":
        this.after(
          8,
          still(() => {
            const answer = this.systemd?.(effect.key, effect.unit);
            this.answers.set(effect.key, { at: this.mono, answer });
            this.observe({ kind: "systemd", at: this.now(), key: effect.key, answer });
          }),
        );
        return;
      case "setCondition":
        this.conditions.set(effect.condition.name, effect.problem);
        return;
      case "run":
        this.#command(effect, still);
    }
  }

  #command(effect: Run, still: (job: () => void) => () => void): void {
    const { key, run, stage, timeoutMs } = effect;
    this.runs.push({ at: this.mono, key, stage });
    this.note(`${key}: ${stage} begins`);
    this.onRun(effect);
    const { ms, succeeds, appearsAfter, livesFor } = this.behave(effect);
    const hangs = ms > timeoutMs;
    if (appearsAfter !== undefined && appearsAfter <= timeoutMs)
      this.after(appearsAfter, () => this.birth(key, livesFor));
    this.after(
      Math.min(ms, timeoutMs),
      still(() => {
        const succeeded = succeeds && !hangs;
        this.note(`${key}: ${stage} ends ${succeeded ? "well" : "badly"}`);
        const summary = hangs ? "did not end in time" : `exited with code ${succeeded ? 0 : 1}`;
        this.observe({ kind: "commandEnded", at: this.now(), key, run, succeeded, summary });
      }),
    );
  }
}
