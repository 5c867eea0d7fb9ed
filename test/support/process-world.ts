import type { ProcessEntry } from "../../src/config/process-entry.ts";
import type { CommonEffect } from "../../src/monitor/contract.ts";
import { compileEntries } from "../../src/process/compiled-entry.ts";
import { decide } from "../../src/process/decide.ts";
import { keyed } from "../../src/process/keyed.ts";
import { Looks } from "../../src/process/looks.ts";
import type {
  ProcessEffect,
  ProcessObservation,
  ProcessSettings,
  Stage,
  SystemdAnswer,
} from "../../src/process/observation.ts";
import { kept, restoreState } from "../../src/process/saved-state.ts";
import { type EntryState, initialState, type ProcessState } from "../../src/process/state.ts";
import { WatchedProcesses } from "../../src/process/watched-processes.ts";
import type { ProcessIdentity } from "../../src/system/proc-table.ts";
import { KeptLog } from "./kept-log.ts";
import type { Behaviour } from "./process-behaviour.ts";
import { plainSettings } from "./process-entries.ts";
import { SimulatedHost } from "./process-host.ts";
import { tableReadableIf } from "./process-table.ts";
import { savedOf } from "./saved.ts";

type Effect = CommonEffect | ProcessEffect;
type Run = Extract<ProcessEffect, { kind: "run" }>;

interface Notified {
  readonly at: number;
  readonly subject: string;
  readonly time: string;
  readonly processName: string;
}

/**
 * A simulated host with the commands, systemd and the loop around `decide`: one call of `run` is minutes of a host's life.
 * `onDecision` is called with each decision.
 */
export class ProcessWorld extends SimulatedHost {
  state: ProcessState = initialState;
  entries: readonly ProcessEntry[];
  settings: ProcessSettings;
  /** Exits are observed at once; otherwise only looks find them. */
  pidfd: boolean = true;
  /** Looks find nothing out. */
  tableUnreadable: boolean = false;
  /** When the last look failed, mono. */
  unreadableAt = 0;
  behave: (run: Run) => Behaviour = () => ({ ms: 10, succeeds: true, appearsAfter: 5 });
  /** Called with each command as it begins. */
  onRun: (run: Run) => void = () => undefined;
  /** systemd manages the host, and answers so; undefined: it does not. */
  systemd: ((key: string, unit: string | undefined) => SystemdAnswer | undefined) | undefined;
  onDecision: (before: ProcessState, observation: ProcessObservation, effects: readonly Effect[]) => void = () =>
    undefined;
  /** Since its start the monitor has decided that what earlier runs left may be sent. */
  caughtUp = false;
  /** The last answer about each entry. */
  readonly answers = new Map<string, { readonly at: number; readonly answer: SystemdAnswer | undefined }>();
  readonly conditions = new Map<string, string | undefined>();
  readonly runs: { readonly at: number; readonly key: string; readonly stage: Stage }[] = [];
  readonly notified: Notified[] = [];
  /** Notifications by subject that were not superseded since. */
  readonly inForce = new Map<string, Notified>();
  #watched = new WatchedProcesses(this.table, this);
  #looks = this.#newLooks();
  /** The list that `#looks` has. */
  #compiled: readonly ProcessEntry[] | undefined;
  #wakes = new Map<string, object>();
  /** One per life of the monitor's program. */
  #incarnation = 0;
  /** One per run of sensing in it. */
  #sensing = 0;
  #observations: ProcessObservation[] = [];
  #deciding: boolean = false;
  #monitorRuns: boolean = false;

  constructor(entries: readonly ProcessEntry[], settings: Partial<ProcessSettings> = {}) {
    super();
    this.entries = entries;
    this.settings = { ...plainSettings, ...settings };
  }

  /** The program starts; or, if it runs, sensing is restarted in it, as the supervisor does after a failure. */
  startMonitor(): void {
    this.#monitorRuns = true;
    this.caughtUp = false;
    const sensing = ++this.#sensing;
    this.#forgetWatched();
    this.note("monitor starts");
    this.observe({
      kind: "started",
      at: this.now(),
      bootId: this.bootId,
      bootedAt: this.bootedAt,
      systemd: this.systemd !== undefined,
      pauses: this.#looks.takePauses(),
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

  /** As by kill -9: only what was saved is left. Commands that run go on, and how they end is not observed. */
  stopMonitor(): void {
    this.note("monitor is killed");
    this.#monitorRuns = false;
    this.#incarnation++;
    this.#sensing++;
    this.#forgetWatched();
    this.#wakes = new Map();
    this.state = restoreState(savedOf(kept, this.state)) ?? initialState;
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

  protected override onEnd(process: ProcessIdentity): void {
    const incarnation = this.#incarnation;
    this.after(0, () => {
      if (incarnation !== this.#incarnation || !this.pidfd) return;
      const keys = this.#watched.keysOf(process);
      if (keys.length > 0) this.observe({ kind: "exited", at: this.now(), process: { ...process }, keys });
    });
  }

  phaseOf(key: string): EntryState["phase"] | undefined {
    return this.state.entries.get(key)?.phase;
  }

  look(): void {
    this.#looksNow().lookAtAll((observation) => this.observe(observation));
  }

  /** With the list as it is now. */
  #looksNow(): Looks {
    if (this.#compiled !== this.entries) this.#looks.use(compileEntries(this.entries));
    this.#compiled = this.entries;
    return this.#looks;
  }

  #newLooks(): Looks {
    return new Looks({
      table: tableReadableIf(this.table, () => {
        if (this.tableUnreadable) this.unreadableAt = this.mono;
        return !this.tableUnreadable;
      }),
      clock: this,
      log: new KeptLog(),
      self: 1,
      commands: new Set(),
      watched: this.#watched,
      pauses: () => this.pauses,
      defer: (callback) => this.after(0, callback),
    });
  }

  #forgetWatched(): void {
    this.#watched = new WatchedProcesses(this.table, this);
    this.#looks = this.#newLooks();
    this.#compiled = undefined;
  }

  observe(observation: ProcessObservation): void {
    this.#observations.push(observation);
    if (this.#deciding) return;
    this.#deciding = true;
    for (let next = this.#observations.shift(); next; next = this.#observations.shift()) this.#decide(next);
    this.#deciding = false;
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
      const notified = { at: this.mono, subject, time: notification.generated_time, processName };
      this.notified.push(notified);
      this.inForce.set(subject, notified);
      this.note(`notify ${subject}`);
    }
    if (effect.kind === "supersede") {
      this.inForce.delete(effect.subject);
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
      case "scan": {
        const looks = this.#looksNow();
        looks.request(effect.key, (observation) => {
          if (looks === this.#looks) this.observe(observation);
        });
        return;
      }
      case "watch": {
        const { key, process, whole } = effect;
        this.#watched.watch(key, process, whole);
        if (this.pidfd && this.table.stat(process.pid)?.startTime !== process.startTime) {
          this.observe({ kind: "exited", at: this.now(), process, keys: [key] });
        }
        return;
      }
      case "unwatch":
        this.#watched.unwatch(effect.key);
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
      this.after(appearsAfter, () => this.spawn(key, livesFor));
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
