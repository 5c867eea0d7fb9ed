import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { visitStateFile } from "../../src/notify/state-file.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Seeded } from "../support/seeded.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { ApiModel, DUPLICATE_MS, MODES, wallOf } from "./api-model.ts";
import type { Seen } from "./flapping-monitor.ts";
import { Ledger } from "./ledger.ts";
import { Run } from "./run-of-the-monitor.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MAX_IN_FLIGHT = 2;
/** How long what earlier runs left waits for a look that does not come: `CATCH_UP_MS` of monitor/run.ts. */
const HELD_MS = MINUTE;

/** A directory for state files, in memory where the machine has such: a simulation syncs thousands of times. */
export function simulationDirectory(): string {
  const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "masakari-simulation-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What one schedule came to. */
export interface Outcome {
  readonly violations: readonly string[];
  /** How often the interesting things happened: a simulation that never reaches them proves nothing. */
  readonly counts: Readonly<Record<string, number>>;
}

/** One schedule: processes that flap, an API that misbehaves, a monitor that is killed, a clock that is stepped. */
export class NotifyWorld {
  readonly clock = new VirtualClock();
  readonly #random: Seeded;
  readonly #api: ApiModel;
  readonly #ledger: Ledger;
  readonly #log = new KeptLog();
  /** What happened, for the reader of a failure. */
  readonly history: string[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #statePath: string;
  readonly #expiryMs: number;
  readonly #withFullDisk: boolean;

  readonly #up = new Map<string, boolean>();
  /** When each process was up, as [from, to) in monotonic ms. */
  readonly #upTimes = new Map<string, [number, number][]>();
  readonly #watchers = new Set<(seen: Seen) => void>();
  #diskFull = false;
  #run: Run | undefined;
  #stepsToKill = Number.POSITIVE_INFINITY;
  #startsSoon = false;
  #inFlight = 0;
  #startedAt = 0;
  #looked: boolean = false;

  constructor(seed: number, statePath: string) {
    this.#random = new Seeded(seed);
    this.#statePath = statePath;
    this.#api = new ApiModel(this.clock, this.#random);
    this.#ledger = new Ledger(() => this.clock.now().mono);
    this.#expiryMs = this.#random.chance(0.35) ? 20 * MINUTE : 24 * HOUR;
    this.#withFullDisk = this.#random.chance(0.2);
  }

  /** Plays the schedule, then lets everything be well for a while, and looks at what came of it. */
  async play(): Promise<Outcome> {
    rmSync(this.#statePath, { recursive: true, force: true });
    mkdirSync(this.#statePath);
    for (let index = this.#random.between(1, 4); index > 0; index -= 1) this.#born(`process-${index}`);
    this.#start();
    for (let events = this.#random.between(5, 30); events > 0; events -= 1) {
      await this.#happen();
      await this.clock.advance(this.#pause());
    }
    await this.#allIsWell();
    this.#judge();
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
    if (kind < 0.42) this.#flap(random.pick([...this.#up.keys()]));
    else if (kind < 0.6) this.#setMode(random.pick(MODES));
    else if (kind < 0.68) this.#stepClock(random.between(-2 * HOUR, 2 * HOUR));
    else if (kind < 0.7) this.#stepClock(random.pick([-30, 30]) * 24 * HOUR);
    else if (this.#withFullDisk && random.chance(0.5)) this.#fillOrEmptyDisk();
    else if (kind < 0.8) this.#stepsToKill = random.between(1, 12);
    else if (kind < 0.84) this.#kill("between two steps");
    else if (kind < 0.88) await this.#stop();
    else if (kind < 0.97) this.#operatorDrops();
    else await this.#quietTime();
  }

  #born(name: string): void {
    const up = this.#random.chance(0.8);
    this.#up.set(name, up);
    this.#upTimes.set(name, up ? [[this.clock.now().mono, Number.POSITIVE_INFINITY]] : []);
  }

  #flap(name: string): void {
    const up = !this.#up.get(name);
    const { mono } = this.clock.now();
    this.#up.set(name, up);
    const times = this.#upTimes.get(name) ?? [];
    const last = times.at(-1);
    if (up) times.push([mono, Number.POSITIVE_INFINITY]);
    else if (last !== undefined) last[1] = mono;
    this.#tell(`${name} is ${up ? "up" : "down"}`);
    for (const watcher of this.#watchers) watcher({ name, up, at: this.clock.now() });
    if (up && this.#watchers.size > 0 && this.#run?.alive) this.#seenUp(name);
  }

  /** The monitor has seen it: what is undelivered about it is untrue from now on, whatever the code makes of it. */
  #seenUp(name: string): void {
    this.#tell(`seen up: ${name}`);
    this.#ledger.superseded(name);
  }

  #setMode(mode: (typeof MODES)[number]): void {
    this.#api.mode = mode;
    this.#count(`api ${mode}`);
    this.#tell(`the API ${mode}`);
  }

  #stepClock(byMs: number): void {
    this.clock.stepWall(byMs);
    this.#count("clock steps");
    this.#tell(`the clock is stepped by ${byMs} ms`);
  }

  #fillOrEmptyDisk(): void {
    this.#diskFull = !this.#diskFull;
    if (this.#diskFull) this.#count("disk full");
    this.#tell(this.#diskFull ? "the disk is full" : "the disk has room");
  }

  /** A long time in which only the API's mood matters: what is owed may expire. */
  async #quietTime(): Promise<void> {
    const ms = this.#random.between(0, this.#expiryMs < HOUR || this.#random.chance(0.2) ? 1.3 * this.#expiryMs : HOUR);
    this.#tell(`${ms} ms pass`);
    await this.clock.advance(ms);
  }

  #start(): void {
    this.#startsSoon = false;
    this.#tell("the monitor starts");
    this.#inFlight = 0;
    this.#startedAt = this.clock.now().mono;
    this.#looked = false;
    let loaded = false;
    this.#run = new Run({
      clock: this.clock,
      log: this.#log,
      processes: {
        opened: (signal) => this.#open(signal),
        look: () => this.#look(),
        watch: (changed, signal) => {
          this.#watchers.add(changed);
          signal.addEventListener("abort", () => this.#watchers.delete(changed), { once: true });
        },
      },
      statePath: this.#statePath,
      expiryMs: this.#expiryMs,
      maxInFlight: MAX_IN_FLIGHT,
      random: this.#random.next,
      step: () => this.#step(),
      diskIsFull: () => this.#diskFull,
      loaded: (contents, file) => {
        this.#ledger.loaded(contents, file);
        if (!loaded) this.#ledger.leave();
        loaded = true;
      },
      added: (notification) => {
        this.#count("notified");
        this.#tell(`owed: ${notification.payload.process_name} ${notification.generated_time}`);
        this.#ledger.added(notification);
      },
      post: (notification, signal) => {
        this.#tell(`sent: ${notification.payload.process_name} ${notification.generated_time} (API ${this.#api.mode})`);
        this.#ledger.attempted(notification, this.#expiryMs, this.#isHeld());
        this.#count("attempts");
        this.#inFlight += 1;
        if (this.#inFlight > MAX_IN_FLIGHT) this.#ledger.violations.push(`${this.#inFlight} in flight`);
        return this.#api.post(notification, signal);
      },
      answered: (notification, attempt) => {
        this.#inFlight -= 1;
        this.#count(attempt.outcome);
        this.#tell(`answered: ${notification.generated_time} ${attempt.outcome}`);
        this.#ledger.answered(notification, attempt);
      },
    });
    this.#run.start();
  }

  /** The first look of a run: at once, soon, or (libvirt is away, say) only when nobody waits for it any more. */
  async #open(signal: AbortSignal): Promise<void> {
    const kind = this.#random.next();
    const delay = kind < 0.4 ? 0 : kind < 0.8 ? this.#random.between(1, 15_000) : this.#random.between(1, 3 * HELD_MS);
    if (delay === 0) return;
    await this.clock.sleep(delay, signal);
    if (delay >= HELD_MS) this.#count("looked too late");
  }

  *#look(): Iterable<Seen> {
    this.#tell("the monitor looks");
    for (const [name, up] of this.#up) {
      yield { name, up, at: this.clock.now() };
      if (!this.#run?.alive) return;
      if (up) this.#seenUp(name);
    }
    this.#looked = true;
  }

  #isHeld(): boolean {
    return !this.#looked && this.clock.now().mono - this.#startedAt < HELD_MS;
  }

  #step(): void {
    this.#stepsToKill -= 1;
    if (this.#stepsToKill > 0 || this.#run?.degraded) return;
    this.#stepsToKill = Number.POSITIVE_INFINITY;
    this.#kill("at a step");
  }

  #kill(when: string): void {
    // What is in memory only for want of disk is lost with the process: that is told, not promised.
    if (!this.#run?.alive || this.#run.degraded) return;
    this.#run.kill();
    this.#count(`killed ${when}`);
    this.#tell(`the monitor is killed ${when}`);
    this.#startLater();
  }

  async #stop(): Promise<void> {
    if (!this.#run?.alive || this.#run.degraded) return;
    this.#tell("the monitor is stopped");
    const run = this.#run;
    run.stop();
    await this.clock.advance(10_000);
    // It may have been killed while it stopped, and even have been started again.
    if (this.#run !== run) return;
    if (run.alive) this.#ledger.violations.push("did not stop within 10 s");
    run.kill();
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
    if (this.#run?.degraded) return;
    const file = visitStateFile(join(this.#statePath, "simulated.sqlite"));
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
      this.#tell(`dropped: ${entry.notification.generated_time}`);
      this.#ledger.dropped(entry.notification.generated_time);
    }
  }

  async #allIsWell(): Promise<void> {
    this.#stepsToKill = Number.POSITIVE_INFINITY;
    this.#diskFull = false;
    this.#setMode("up");
    await this.clock.advance(15 * MINUTE);
    if (this.#run?.degraded) this.#ledger.violations.push("still in memory with a good disk");
    if (this.#run?.pending !== 0) this.#ledger.violations.push(`${this.#run?.pending} still pending with a good API`);
    this.#run?.stop();
    await this.clock.advance(10_000);
    if (this.#run?.alive) this.#ledger.violations.push("did not stop at the end");
  }

  /** Nothing that was owed is missing on disk, or still pending there. */
  #mustBeOnDisk(): void {
    const file = visitStateFile(join(this.#statePath, "simulated.sqlite"));
    const ended = new Set(file.ended().map((entry) => entry.notification.generated_time));
    file.close();
    for (const time of this.#ledger.lines.keys()) {
      if (!ended.has(time)) this.#ledger.violations.push(`no ending on disk: ${time}`);
    }
  }

  #judge(): void {
    for (const [name, up] of this.#up) {
      if (!up) this.#mustHaveArrived(name);
      this.#mustBeOneEach(name);
    }
    this.#mustBeOnDisk();
    const defects = this.#log.lines.filter((line) => line.includes("Defect"));
    this.#ledger.violations.push(...defects);
  }

  /** It is down: the API has stored that, or has itself called it a repeat of what it had; only an operator or time may end it else. */
  #mustHaveArrived(name: string): void {
    const last = [...this.#ledger.lines.values()].findLast((line) => line.subject === name);
    if (last === undefined) {
      this.#ledger.violations.push(`never owed: ${name} is down`);
      return;
    }
    if (last.state === "dropped") return;
    const time = wallOf(last.notification.generated_time);
    const arrived = this.#api.stored.some(
      (stored) => stored.subject === name && wallOf(stored.notification.generated_time) >= time - DUPLICATE_MS,
    );
    const expired = this.clock.now().mono - last.since >= this.#expiryMs;
    if (!arrived && expired) this.#count("expired");
    if (!arrived && !expired)
      this.#ledger.violations.push(`lost: ${name} ${last.notification.generated_time} (${last.state})`);
  }

  /**
   * Between two failures that the API has stored, the process was up: no failure is stored twice. The order is judged when they
   * are sent: an API that is too late, and knows no repeat because the clock was set back, stores a request that was given up
   * after a newer one.
   */
  #mustBeOneEach(name: string): void {
    const seen = this.#api.stored
      .filter((stored) => stored.subject === name)
      .map((stored) => this.#ledger.lines.get(stored.notification.generated_time)?.since ?? Number.NaN)
      .sort((one, other) => one - other);
    for (const [index, since] of seen.entries()) {
      if (Number.isNaN(since)) this.#ledger.violations.push(`stored, but never owed: ${name}`);
      const before = seen[index - 1];
      if (before === undefined) continue;
      if (since === before) this.#ledger.violations.push(`stored twice: ${name}`);
      const upBetween = this.#upTimes.get(name)?.some(([from, to]) => from < since && to > before);
      if (!upBetween) this.#ledger.violations.push(`second notification for one failure: ${name}`);
    }
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  #tell(what: string): void {
    this.history.push(`${Math.round(this.clock.now().mono)} ${what}`);
  }
}
