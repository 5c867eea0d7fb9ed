import { visitStateFile } from "../../src/notify/state-file.ts";
import { ApiModel, MODES } from "../support/harness/api-model.ts";
import { Ledger } from "../support/harness/ledger.ts";
import { Program } from "../support/harness/program.ts";
import { SimulatedClock } from "../support/harness/simulated-clock.ts";
import type { StateDirectory } from "../support/harness/state-directory.ts";
import { Seeded } from "../support/seeded.ts";
import { type FlappingState, flappingMonitor, type Seen } from "./flapping-monitor.ts";
import { FlappingProcesses, HELD_MS } from "./flapping-processes.ts";
import { judge } from "./notify-judgement.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MAX_IN_FLIGHT = 2;

/** What one schedule came to. */
export interface Outcome {
  readonly violations: readonly string[];
  /** How often the interesting things happened: a simulation that never reaches them proves nothing. */
  readonly counts: Readonly<Record<string, number>>;
}

/** One schedule: processes that flap, an API that misbehaves, a monitor that is killed, a clock that is stepped. */
export class NotifyWorld {
  readonly clock = new SimulatedClock();
  readonly #random: Seeded;
  readonly #api: ApiModel;
  readonly #ledger: Ledger;
  /** What happened, for the reader of a failure. */
  readonly history: string[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #disk: StateDirectory;
  readonly #expiryMs: number;
  readonly #withBadDisk: boolean;
  readonly #processes: FlappingProcesses;
  readonly #program: Program<FlappingState, Seen | "looked", never>;
  #stepsToKill = Number.POSITIVE_INFINITY;
  #startsSoon = false;
  #inFlight = 0;
  #startedAt = 0;
  #starts = 0;
  #loaded = false;

  constructor(seed: number, disk: StateDirectory) {
    this.#random = new Seeded(seed);
    this.#disk = disk;
    this.#api = new ApiModel(this.clock, this.#random);
    this.#ledger = new Ledger(() => this.clock.now().mono);
    this.#expiryMs = this.#random.chance(0.35) ? 20 * MINUTE : 24 * HOUR;
    this.#withBadDisk = this.#random.chance(0.2);
    const parts = {
      clock: this.clock,
      random: this.#random,
      seenUp: (name: string) => this.#seenUp(name),
      monitorRuns: () => this.#program.running,
      note: (what: string) => this.#note(what),
    };
    this.#processes = new FlappingProcesses(parts, this.#random.between(1, 4));
    this.#program = this.#newProgram();
  }

  /** Plays the schedule, then lets everything be well for a while, and looks at what came of it. */
  async play(): Promise<Outcome> {
    this.#disk.empty();
    this.#start();
    for (let events = this.#random.between(5, 30); events > 0; events -= 1) {
      await this.#happen();
      await this.clock.advance(this.#pause());
    }
    await this.#allIsWell();
    const judged = { ledger: this.#ledger, api: this.#api, processes: this.#processes, stateFile: this.#disk.file };
    const { violations, expired } = judge({ ...judged, expiryMs: this.#expiryMs, now: this.clock.now().mono });
    this.#ledger.violations.push(...violations);
    if (expired > 0) this.#counts.expired = expired;
    if (this.#processes.tooLate > 0) this.#counts["looked too late"] = this.#processes.tooLate;
    if (this.#program.failure !== undefined) this.#ledger.violations.push(String(this.#program.failure));
    return { violations: this.#ledger.violations, counts: this.#counts };
  }

  #pause(): number {
    const kind = this.#random.next();
    if (kind < 0.3) return this.#random.between(1, 20);
    if (kind < 0.6) return this.#random.between(20, 15_000);
    return this.#random.between(15_000, 5 * MINUTE);
  }

  async #happen(): Promise<void> {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.42) this.#processes.flap(random.pick(this.#processes.names));
    else if (kind < 0.6) this.#setMode(random.pick(MODES));
    else if (kind < 0.68) this.#stepClock(random.between(-2 * HOUR, 2 * HOUR));
    else if (kind < 0.7) this.#stepClock(random.pick([-30, 30]) * 24 * HOUR);
    else if (this.#withBadDisk && random.chance(0.5)) this.#breakOrMendDisk();
    else if (kind < 0.8) this.#stepsToKill = random.between(1, 12);
    else if (kind < 0.84) this.#kill("between two steps");
    else if (kind < 0.88) await this.#stop();
    else if (kind < 0.97) this.#operatorDrops();
    else await this.#quietTime();
  }

  /** The monitor has seen it: what is undelivered about it is untrue from now on, whatever the code makes of it. */
  #seenUp(name: string): void {
    this.#note(`seen up: ${name}`);
    this.#ledger.superseded(name);
  }

  #setMode(mode: (typeof MODES)[number]): void {
    this.#api.mode = mode;
    this.#count(`api ${mode}`);
    this.#note(`the API ${mode}`);
  }

  #stepClock(byMs: number): void {
    this.clock.stepWall(byMs);
    this.#count("clock steps");
    this.#note(`the clock is stepped by ${byMs} ms`);
  }

  #breakOrMendDisk(): void {
    const disk = this.#disk;
    disk.fault = disk.fault === undefined ? this.#random.pick(["is full", "is full", "fails"]) : undefined;
    if (disk.fault !== undefined) this.#count(`disk ${disk.fault}`);
    this.#note(`the disk ${disk.fault ?? "can be written"}`);
  }

  /** A long time in which only the API's mood matters: what is owed may expire. */
  async #quietTime(): Promise<void> {
    const ms = this.#random.between(0, this.#expiryMs < HOUR || this.#random.chance(0.2) ? 1.3 * this.#expiryMs : HOUR);
    this.#note(`${ms} ms pass`);
    await this.clock.advance(ms);
  }

  #newProgram() {
    return new Program(
      {
        clock: this.clock,
        bootId: () => "boot",
        monitor: () => flappingMonitor(this.#processes),
        openFile: () => this.#disk.open(),
        statePath: this.#disk.path,
        expiryMs: this.#expiryMs,
        maxInFlight: MAX_IN_FLIGHT,
        random: this.#random.next,
        post: (notification, signal) => this.#api.post(notification, signal),
        watch: {
          step: () => this.#step(),
          loaded: (contents, file) => {
            this.#ledger.loaded(contents, file);
            if (!this.#loaded) this.#ledger.leave();
            this.#loaded = true;
          },
          added: (subject, notification) => {
            this.#count("notified");
            this.#note(`owed: ${subject} ${notification.generated_time}`);
            this.#ledger.added(subject, notification);
          },
          attempted: (notification) => {
            const { payload, generated_time: time } = notification;
            this.#note(`sent: ${payload.process_name} ${time} (API ${this.#api.mode})`);
            this.#ledger.attempted(notification, this.#expiryMs, this.#isHeld());
            this.#count("attempts");
            this.#inFlight += 1;
            if (this.#inFlight > MAX_IN_FLIGHT) this.#ledger.violations.push(`${this.#inFlight} in flight`);
          },
          responded: (notification, result) => {
            this.#inFlight -= 1;
            this.#count(result.outcome);
            this.#note(`responded: ${notification.generated_time} ${result.outcome}`);
            this.#ledger.responded(notification, result);
          },
        },
      },
      { down: [], notified: 0 },
    );
  }

  #start(): void {
    this.#startsSoon = false;
    this.#note("the monitor starts");
    this.#starts += 1;
    this.#inFlight = 0;
    this.#startedAt = this.clock.now().mono;
    this.#processes.looked = false;
    this.#loaded = false;
    this.#program.start();
  }

  #isHeld(): boolean {
    return !this.#processes.looked && this.clock.now().mono - this.#startedAt < HELD_MS;
  }

  #step(): void {
    this.#stepsToKill -= 1;
    if (this.#stepsToKill > 0 || this.#program.degraded) return;
    this.#stepsToKill = Number.POSITIVE_INFINITY;
    this.#kill("at a step");
  }

  #kill(when: string): void {
    // What is in memory only for want of disk is lost with the process: that is logged, not promised.
    if (!this.#program.running || this.#program.degraded) return;
    this.#program.kill();
    this.#count(`killed ${when}`);
    this.#note(`the monitor is killed ${when}`);
    this.#startLater();
  }

  async #stop(): Promise<void> {
    if (!this.#program.running || this.#program.degraded) return;
    this.#note("the monitor is stopped");
    const starts = this.#starts;
    this.#program.stop();
    await this.clock.advance(10_000);
    // It may have been killed while it stopped, and even have been started again.
    if (this.#starts !== starts) return;
    if (this.#program.running) this.#ledger.violations.push("did not stop within 10 s");
    this.#program.kill();
    this.#count("stopped");
    this.#startLater();
  }

  #startLater(): void {
    if (this.#startsSoon) return;
    this.#startsSoon = true;
    const delay = this.#random.chance(0.5) ? this.#random.between(0, 1000) : this.#random.between(1000, 10 * MINUTE);
    this.clock.setTimer(delay, () => this.#start());
  }

  /** `masakari-monitors outbox drop --all`, in its own process. */
  #operatorDrops(): void {
    if (this.#program.degraded) return;
    const file = visitStateFile(this.#disk.file);
    const { entries } = file.load();
    file.write({
      entries: entries.map((entry) => ({
        ...entry,
        state: "dropped",
        reason: "by hand",
        endedWall: this.clock.now().wall,
      })),
      saved: [],
    });
    file.close();
    for (const entry of entries) {
      this.#count("dropped by hand");
      this.#note(`dropped: ${entry.notification.generated_time}`);
      this.#ledger.dropped(entry.notification);
    }
  }

  async #allIsWell(): Promise<void> {
    this.#stepsToKill = Number.POSITIVE_INFINITY;
    this.#disk.fault = undefined;
    this.#setMode("up");
    await this.clock.advance(15 * MINUTE);
    if (this.#program.degraded) this.#ledger.violations.push("still in memory with a good disk");
    if (this.#program.pending !== 0)
      this.#ledger.violations.push(`${this.#program.pending} still pending with a good API`);
    this.#program.stop();
    await this.clock.advance(10_000);
    if (this.#program.running) this.#ledger.violations.push("did not stop at the end");
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  #note(what: string): void {
    this.history.push(`${Math.round(this.clock.now().mono)} ${what}`);
  }
}
