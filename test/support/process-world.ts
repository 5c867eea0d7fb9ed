import type { ProcessEntry } from "../../src/config/process-entry.ts";
import type { Monitor, Observe } from "../../src/monitor/contract.ts";
import { ofEach } from "../../src/monitor/kept.ts";
import type { StateFile } from "../../src/notify/state-file.ts";
import { act } from "../../src/process/act.ts";
import { compileEntries } from "../../src/process/compiled-entry.ts";
import { decide } from "../../src/process/decide.ts";
import { keyed } from "../../src/process/keyed.ts";
import { Looks } from "../../src/process/looks.ts";
import type {
  ProcessEffect,
  ProcessObservation,
  ProcessSettings,
  Stage,
  SystemdStatus,
} from "../../src/process/observation.ts";
import { OwnCommands } from "../../src/process/own-commands.ts";
import { kept, restoreState } from "../../src/process/saved-state.ts";
import { type EntryState, initialState, type ProcessState } from "../../src/process/state.ts";
import { subjectOf } from "../../src/process/subjects.ts";
import { WatchedProcesses } from "../../src/process/watched-processes.ts";
import type { Clock } from "../../src/system/clock.ts";
import type { Logger } from "../../src/system/log.ts";
import type { ExitWatch } from "../../src/system/pidfd.ts";
import type { ProcessIdentity } from "../../src/system/proc-table.ts";
import type { Behaviour } from "./process-behaviour.ts";
import { plainSettings } from "./process-entries.ts";
import { SimulatedHost } from "./process-host.ts";
import { tableReadableIf } from "./process-table.ts";

type Run = Extract<ProcessEffect, { kind: "run" }>;

/** What a run of the program has in its memory beside the state. */
interface Memory {
  readonly clock: Clock;
  readonly log: Logger;
  readonly looks: Looks;
  readonly watched: WatchedProcesses;
}

/**
 * A simulated host with the commands, systemd and the process monitor: one call of `run` is minutes of its life.
 * `onDecision` is called with each decision.
 */
export class ProcessWorld extends SimulatedHost {
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
  /** systemd manages the host, with this status; undefined: it does not. */
  systemd: ((key: string, unit: string | undefined) => SystemdStatus | undefined) | undefined;
  /** The last status of each entry. */
  readonly statuses = new Map<string, { readonly at: number; readonly status: SystemdStatus | undefined }>();
  readonly runs: { readonly at: number; readonly key: string; readonly stage: Stage }[] = [];
  override readonly catchUpWithinMs = 60_000;
  readonly #exits: ExitWatch = {
    watch: ({ pid, startTime }) => {
      if (!this.pidfd) return "unavailable";
      return this.table.stat(pid)?.startTime === startTime ? "watching" : "gone";
    },
    unwatch: () => undefined,
    stopped: Promise.resolve(),
  };
  #memory: Memory | undefined;
  #ended: { readonly process: ProcessIdentity; readonly memory: Memory | undefined }[] = [];

  /** @param openFile of a real disk */
  constructor(
    entries: readonly ProcessEntry[],
    settings: Partial<ProcessSettings> = {},
    openFile?: (path: string) => StateFile,
  ) {
    super(initialState, openFile);
    this.entries = entries;
    this.settings = { ...plainSettings, ...settings };
  }

  edit(entries: readonly ProcessEntry[]): void {
    this.entries = entries;
    this.note(`list is edited: ${keyed(entries).map(({ key }) => key)}`);
    if (!this.running) return;
    this.#memory?.looks.use(compileEntries(entries));
    this.observe({ kind: "entriesChanged", at: this.now(), entries });
  }

  reload(settings: Partial<ProcessSettings>): void {
    this.settings = { ...this.settings, ...settings };
    this.observe({ kind: "settingsChanged", at: this.now(), settings: this.settings });
  }

  phaseOf(key: string): EntryState["phase"] | undefined {
    return this.state.entries.get(key)?.phase;
  }

  /** All entries are looked for now. */
  look(): void {
    this.#memory?.looks.lookAtAll((observation) => this.observe(observation));
  }

  /** Ends of one moment are observed together, as poll(2) finds them. */
  protected override onEnd(process: ProcessIdentity): void {
    this.#ended.push({ process, memory: this.#memory });
    if (this.#ended.length > 1) return;
    this.after(0, () => {
      const all = this.#ended;
      this.#ended = [];
      for (const { process, memory } of all) this.#observeEnd(process, memory);
    });
  }

  #observeEnd(process: ProcessIdentity, memory: Memory | undefined): void {
    if (memory === undefined || memory !== this.#memory || !this.pidfd) return;
    const keys = memory.watched.keysOf(process);
    if (keys.length > 0) this.observe({ kind: "exited", at: this.now(), process: { ...process }, keys });
  }

  protected override monitor(clock: Clock, log: Logger): Monitor<ProcessState, ProcessObservation, ProcessEffect> {
    const table = tableReadableIf(this.table, () => {
      if (this.tableUnreadable) this.unreadableAt = this.mono;
      return !this.tableUnreadable;
    });
    const watched = new WatchedProcesses(this.table, clock);
    const looks = new Looks({
      table,
      clock,
      log,
      self: 1,
      commands: new Set(),
      watched,
      pauses: () => this.pauses,
    });
    const memory = { clock, log, looks, watched };
    this.#memory = memory;
    return {
      name: "processmonitor",
      initial: initialState,
      kept,
      restore: restoreState,
      subjects: ofEach((state) => state.entries, subjectOf),
      decide,
      outlastSensing: ["run"],
      sense: (observe, signal) => this.#sense(memory, observe, signal),
      act: (effect, observe, signal) => this.#act(memory, effect, observe, signal),
    };
  }

  async #sense(
    { clock, looks, watched }: Memory,
    observe: Observe<ProcessObservation>,
    signal: AbortSignal,
  ): Promise<void> {
    const { bootId, bootedAt, settings, entries } = this;
    watched.restart(this.#exits);
    looks.use(compileEntries(entries));
    const [systemd, pauses] = [this.systemd !== undefined, looks.takePauses()];
    observe({ kind: "started", at: clock.now(), bootId, bootedAt, systemd, pauses, settings, entries });
    while (!signal.aborted) {
      await clock.sleep(this.settings.check_interval * 1000, signal).catch(() => undefined);
      if (!signal.aborted) looks.lookAtAll(observe);
    }
  }

  async #act(
    memory: Memory,
    effect: ProcessEffect,
    observe: Observe<ProcessObservation>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = memory;
    switch (effect.kind) {
      case "askSystemd": {
        const { key, unit } = effect;
        await clock.sleep(8, signal);
        const status = this.systemd?.(key, unit);
        this.statuses.set(key, { at: this.mono, status });
        return observe({ kind: "systemd", at: clock.now(), key, status });
      }
      case "run":
        return await this.#command(effect, clock, observe, signal);
      default: {
        const systemd = { ask: () => Promise.resolve(undefined) };
        const parts = {
          ...memory,
          table: this.table,
          commands: new OwnCommands(),
          systemd,
          serviceOf: () => undefined,
          shadow: false,
        };
        return await act(effect, parts, observe, signal);
      }
    }
  }

  /** The monitor's end does not end it. */
  async #command(effect: Run, clock: Clock, observe: Observe<ProcessObservation>, signal: AbortSignal): Promise<void> {
    const { key, run, stage, timeoutMs } = effect;
    this.runs.push({ at: this.mono, key, stage });
    this.note(`${key}: ${stage} begins`);
    this.onRun(effect);
    const { ms, succeeds, appearsAfter, livesFor } = this.behave(effect);
    const hangs = ms > timeoutMs;
    if (appearsAfter !== undefined && appearsAfter <= timeoutMs)
      this.after(appearsAfter, () => this.spawn(key, livesFor));
    await clock.sleep(Math.min(ms, timeoutMs), signal);
    const succeeded = succeeds && !hangs;
    this.note(`${key}: ${stage} ends ${succeeded ? "well" : "badly"}`);
    const summary = hangs ? "did not end in time" : `exited with code ${succeeded ? 0 : 1}`;
    observe({ kind: "commandEnded", at: clock.now(), key, run, succeeded, summary });
  }
}
