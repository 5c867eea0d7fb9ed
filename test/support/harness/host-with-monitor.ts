import type { CommonEffect, Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import { isAmong, type Notification } from "../../../src/notify/notification.ts";
import type { StateFile } from "../../../src/notify/state-file.ts";
import type { Clock } from "../../../src/system/clock.ts";
import type { Logger } from "../../../src/system/log.ts";
import { Seeded } from "../seeded.ts";
import { ApiModel } from "./api-model.ts";
import { Ledger, type Line } from "./ledger.ts";
import type { MemoryRecording } from "./memory-recording.ts";
import { MemoryStateFile } from "./memory-state-file.ts";
import { Program } from "./program.ts";
import { SimulatedWorld } from "./simulated-world.ts";

export interface Notified {
  /** mono */
  readonly at: number;
  readonly subject: string;
  readonly time: string;
  readonly notification: Notification;
}

/** A host in virtual time with one monitor's program on it, and Masakari's API. Everything that happens is in `log`. */
export abstract class HostWithMonitor<State, Observation, Effect extends OwnEffect> extends SimulatedWorld {
  bootId = "boot-1";
  readonly log: string[] = [];
  /** Its disk, if it is not a real one. */
  readonly file = new MemoryStateFile();
  readonly api = new ApiModel(this.clock, new Seeded(1));
  /** Who is notified of what, by what has become durable. */
  readonly ledger = new Ledger(() => this.mono);
  /** All that was decided to be notified. */
  readonly notified: Notified[] = [];
  /** What was undone by a later observation. */
  readonly superseded: Notified[] = [];
  /** The last notification about a subject, if it was not superseded since. */
  readonly inForce = new Map<string, Notified>();
  /** Conditions in which something is wrong. */
  readonly conditions = new Map<string, string>();
  /** When, since its start, the monitor decided that what earlier runs left may be sent, mono. */
  caughtUpAt: number | undefined;
  /** For the metrics. */
  readonly counted: Extract<CommonEffect, { kind: "count" }>[] = [];
  onDecision: (before: State, observation: Observation, effects: readonly (CommonEffect | Effect)[]) => void = () =>
    undefined;
  /** What its programs record, if they do. */
  recording: MemoryRecording | undefined;
  /** When its program was last started, mono. */
  startedAt = 0;
  /** An attempt to send a notification begins. */
  onAttempt: (line: Line) => void = () => undefined;
  protected readonly program: Program<State, Observation, Effect>;

  /** @param openFile of a real disk */
  constructor(initial: State, openFile?: (path: string) => StateFile) {
    super();
    this.program = new Program<State, Observation, Effect>(
      {
        clock: this.clock,
        wallOffset: () => this.wallOffset,
        bootId: () => this.bootId,
        monitor: (clock, log) => this.monitor(clock, log),
        openFile: openFile ?? (() => this.file.open()),
        statePath: "/",
        random: new Seeded(2).next,
        recorder: (clock, bootId) => this.recording?.recorder(clock, bootId),
        post: (notification, signal) => this.api.post(notification, signal),
        watch: {
          loaded: (contents, file) => {
            this.ledger.loaded(contents, file);
            this.ledger.leave();
          },
          decided: (before, observation, { effects }) => {
            for (const effect of effects) this.#decided(effect as CommonEffect);
            this.onDecision(before, observation, effects);
          },
          added: (subject, notification) => this.ledger.added(subject, notification),
          attempted: (notification) => {
            const line = this.ledger.attempted(notification, Number.POSITIVE_INFINITY, this.#isHeld);
            if (line !== undefined) this.onAttempt(line);
          },
          responded: (notification, result) => {
            this.ledger.responded(notification, result);
            this.note(`API: ${notification.generated_time} ${result.outcome}`);
          },
          logged: (level, text) => this.note(`${level}: ${text}`),
        },
      },
      initial,
    );
  }

  /** The monitor, on this host. */
  protected abstract monitor(clock: Clock, log: Logger): Monitor<State, Observation, Effect>;

  /** How long what earlier runs left is held back at most, ms. */
  abstract readonly catchUpWithinMs: number;

  get state(): State {
    return this.program.state;
  }

  get caughtUp(): boolean {
    return this.caughtUpAt !== undefined;
  }

  /** Whether the monitor's program runs. */
  get running(): boolean {
    return this.program.running;
  }

  /** The program starts with what is on its disk; or, if it runs, sensing fails in it and is started again by the supervisor. */
  startMonitor(): void {
    if (this.program.running) {
      this.note("sensing fails");
      this.program.failSensing("broken by the test");
      return;
    }
    this.note("monitor starts");
    this.caughtUpAt = undefined;
    this.conditions.clear();
    this.startedAt = this.mono;
    this.program.start();
  }

  /** As by kill -9: only what is on disk is left. */
  stopMonitor(): void {
    this.note("monitor is killed");
    this.program.kill();
  }

  observe(observation: Observation): void {
    this.program.observe(observation);
  }

  note(text: string): void {
    this.log.push(`${(this.mono / 1000).toFixed(3)} ${text}`);
  }

  override async run(ms: number): Promise<void> {
    await super.run(ms);
    this.check();
  }

  /** Throws what is wrong so far. */
  check(): void {
    this.program.check();
    const [violation] = this.ledger.violations;
    if (violation !== undefined) throw new Error(violation);
  }

  /** In peace nothing is left to deliver, and what is in force has arrived. Throws if that is not so. */
  checkDelivered(): void {
    this.check();
    if (this.program.degraded !== undefined) throw new Error(`still in memory: ${this.program.degraded}`);
    if (this.program.pending > 0) throw new Error(`${this.program.pending} still pending with a good API`);
    for (const [identity, { state }] of this.ledger.lines) {
      if (state === "owed") throw new Error(`neither delivered nor superseded: ${identity}`);
    }
    for (const { subject, notification } of this.inForce.values()) {
      const state = this.ledger.stateOf(notification);
      if (state !== "settled") throw new Error(`the last notification of ${subject} is ${state ?? "not on disk"}`);
    }
  }

  get #isHeld(): boolean {
    return !this.caughtUp && this.mono - this.startedAt < this.catchUpWithinMs;
  }

  #decided(effect: CommonEffect): void {
    switch (effect.kind) {
      case "notify": {
        const { subject, notification } = effect;
        const notified = { at: this.mono, subject, time: notification.generated_time, notification };
        this.notified.push(notified);
        this.inForce.set(subject, notified);
        this.note(`notify ${subject}`);
        return;
      }
      case "supersede": {
        const { subject } = effect;
        const was = this.inForce.get(subject);
        if (was && isAmong(was.notification, effect.which)) {
          this.superseded.push(was);
          this.inForce.delete(subject);
        }
        this.ledger.superseded(subject, effect.which);
        this.note(`supersede ${subject}: ${effect.reason}`);
        return;
      }
      case "caughtUp":
        this.caughtUpAt ??= this.mono;
        return;
      case "count":
        this.counted.push(effect);
        return;
      case "setCondition":
        if (effect.problem === undefined) this.conditions.delete(effect.condition.name);
        else this.conditions.set(effect.condition.name, effect.problem);
    }
  }
}
