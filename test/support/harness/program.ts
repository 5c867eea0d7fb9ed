import type { Monitor, OwnEffect } from "../../../src/monitor/contract.ts";
import type { Recorder } from "../../../src/monitor/recording/recorder.ts";
import type { DeliveryResult } from "../../../src/notify/delivery.ts";
import type { Notification } from "../../../src/notify/notification.ts";
import type { Contents, StateFile } from "../../../src/notify/state-file.ts";
import type { Clock } from "../../../src/system/clock.ts";
import type { Logger } from "../../../src/system/log.ts";
import { ProgramRun } from "./program-run.ts";

/** What a simulation learns of a program, as it happens. */
export interface ProgramWatch<State, Observation, Effect extends OwnEffect> {
  /** A run has read what earlier ones left. */
  loaded?(contents: Contents, file: StateFile): void;
  /** An observation is decided; none of its effects is carried out yet. What this throws is the simulation's failure. */
  decided?(
    before: State,
    observation: Observation,
    decision: ReturnType<Monitor<State, Observation, Effect>["decide"]>,
  ): void;
  /** A notification has become durable. */
  added?(subject: string, notification: Notification): void;
  /** An attempt to send it begins. */
  attempted?(notification: Notification): void;
  responded?(notification: Notification, result: DeliveryResult): void;
  logged?(level: string, text: string): void;
  /** Before and after each write to disk and each request: the program may be killed in it. */
  step?(): void;
}

/** What a program touches outside itself. */
export interface ProgramParts<State, Observation, Effect extends OwnEffect> {
  /** The time of the simulated world. */
  readonly clock: Clock;
  /** By how much this machine's wall clock differs from it now, ms; not at all if absent. */
  readonly wallOffset?: () => number;
  readonly bootId: () => string;
  /** The monitor as it is at a start of the program: its decisions are the real ones, what it senses and does the simulation's. */
  readonly monitor: (clock: Clock, log: Logger) => Monitor<State, Observation, Effect>;
  /** Opens the state file, which outlasts the program. */
  readonly openFile: (path: string) => StateFile;
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** One request to the API. */
  readonly post: (notification: Notification, signal: AbortSignal) => Promise<DeliveryResult>;
  /** For the jitter of retries, and the ids of notifications. */
  readonly random: () => number;
  /** A day if absent, ms. */
  readonly expiryMs?: number;
  readonly maxInFlight?: number;
  readonly watch?: ProgramWatch<State, Observation, Effect>;
  /** Records a run of the program. */
  readonly recorder?: (clock: Clock, bootId: string) => Recorder | undefined;
}

/**
 * A monitor's program in virtual time: the real loop, supervisor, store, outbox and dispatcher around any monitor. It can be
 * killed at any step, stand still, and be started again with what is on its disk.
 */
export class Program<State, Observation, Effect extends OwnEffect> {
  /** What it decided last. */
  state: State;
  /** What a watch has thrown first. */
  failure: unknown;
  readonly #parts: ProgramParts<State, Observation, Effect>;
  #run: ProgramRun<State, Observation, Effect> | undefined;

  /** @param initial what `state` is before the first start */
  constructor(parts: ProgramParts<State, Observation, Effect>, initial: State) {
    this.#parts = parts;
    this.state = initial;
  }

  get running(): boolean {
    return this.#run?.alive ?? false;
  }

  /** Why nothing reaches its disk just now. */
  get degraded(): string | undefined {
    return this.#run?.degraded;
  }

  /** How many notifications it has to deliver. */
  get pending(): number {
    return this.#run?.pending ?? 0;
  }

  /** Another run begins; the one before must have ended. */
  start(): void {
    if (this.running) throw new Error("the program runs");
    this.#run = new ProgramRun(this.#parts, this);
    this.#run.start();
  }

  /** As SIGTERM does; `running` is false when it has ended. */
  stop(): void {
    this.#run?.stop();
  }

  /** As SIGKILL does: nothing that is left of it reaches disk, network or time. */
  kill(): void {
    this.#run?.kill();
  }

  /** It, or its machine, stands still: what is due or arrives waits. */
  freeze(): void {
    this.#run?.freeze();
  }

  /** @returns for how long it has stood still, ms */
  thaw(): number {
    return this.#run?.thaw() ?? 0;
  }

  /** Sensing fails, and the supervisor starts it again. */
  failSensing(reason: string): void {
    this.#run?.failSensing(new Error(reason));
  }

  /** Something is sensed; ignored where no sensing runs, or the program stands still. */
  observe(observation: Observation): void {
    this.#run?.observe(observation);
  }

  /** Throws what a watch has thrown. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
