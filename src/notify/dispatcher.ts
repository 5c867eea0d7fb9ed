import type { Clock, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { deliverWithin } from "./deliver-within.ts";
import type { Deliver, DeliveryResult } from "./delivery.ts";
import type { Entry } from "./entry.ts";
import { Outage } from "./outage.ts";
import type { Outbox } from "./outbox.ts";
import { type RetryPolicy, retryDelay } from "./retry-policy.ts";
import { Standstill } from "./standstill.ts";

export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly log: Logger;
  readonly retryPolicy: RetryPolicy;
  /** `[notifications] max_in_flight`: attempts under way at the same time. */
  readonly maxInFlight: number;
  /** When an attempt is given up, ms: longer than the HTTP client's own time-outs take, all requests of it together. */
  readonly attemptTimeoutMs: number;
  /** Called after each attempt: whether it got a response about the notification. */
  readonly onAttempt?: (responded: boolean) => void;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
}

/** How the dispatcher is doing, for `status`. */
export interface DispatcherStatus {
  readonly inFlight: number;
  /** Monotonic ms since which all attempts have failed. */
  readonly failingSince: number | undefined;
  readonly lastReason: string | undefined;
}

/** When an outage ends, what waits is sent within this time, at random, not all in one instant. */
const RECOVERY_SPREAD_MS = 500;
const EXPIRY_CHECK_MS = 60_000;
/** What an attempt under way is given to finish when the program stops. */
const STOP_GRACE_MS = 2000;

/** The queue of one subject: only its head is ever tried. */
interface Lane {
  readonly subject: string;
  /** The entry that the counts below are about. */
  head: string | undefined;
  /** Failed attempts in a row. */
  failures: number;
  inFlight: boolean;
  retry: Timer | undefined;
  /** When `retry` fires, monotonic ms. */
  retryAt: number;
  /** When the end of an outage last had it tried early. */
  wokenAt: number;
}

/** Sends what the outbox holds: in order within a subject, subjects side by side, for as long as it is owed. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #random: () => number;
  readonly #outage: Outage;
  readonly #standstill: Standstill;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose head may be tried now, in turn. */
  readonly #ready = new Set<Lane>();
  readonly #inFlight = new Map<Lane, AbortController>();
  #allowanceTimer: Timer | undefined;
  #running = false;
  /** Later settlements are none of ours any more: the store may be closed. */
  #stopped = false;
  #drained: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#standstill = new Standstill(options.clock);
    this.#outage = new Outage(options.retryPolicy, options.maxInFlight, options.log);
  }

  get status(): DispatcherStatus {
    return {
      inFlight: this.#inFlight.size,
      failingSince: this.#outage.since,
      lastReason: this.#outage.reason,
    };
  }

  /** The API answers something else than a notification. With nothing left to be sent, that is the end of an outage. */
  reached(): void {
    const { outbox, clock } = this.#options;
    if (outbox.pendingCount === 0) this.#outage.responded(clock.now().mono);
  }

  /**
   * Sends what the outbox offers until the signal aborts. Resolves when the attempts under way have
   * finished, or 2 s later: the next run repeats what was cut short, and the API knows a repeat as such.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { outbox, clock } = this.#options;
    this.#running = true;
    const stopListening = outbox.onChange((subject) => this.#refresh(subject));
    let expiry = clock.setTimer(EXPIRY_CHECK_MS, function check() {
      expiry = clock.setTimer(EXPIRY_CHECK_MS, check);
      outbox.expire();
    });
    outbox.expire();
    for (const subject of outbox.subjects()) this.#refresh(subject);

    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#running = false;
    expiry.cancel();
    stopListening();
    this.#allowanceTimer?.cancel();
    for (const lane of this.#lanes.values()) lane.retry?.cancel();
    await this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        const grace = this.#options.clock.setTimer(STOP_GRACE_MS, resolve);
        this.#drained = () => {
          grace.cancel();
          resolve();
        };
      });
    }
    this.#stopped = true;
    for (const [lane, controller] of this.#inFlight) {
      controller.abort(new Error("delivery stops"));
      // Another dispatcher may go on with this outbox (SIGHUP); to it the entry must not seem under way for ever.
      if (lane.head !== undefined) {
        this.#options.outbox.settle(lane.head, { outcome: "failed", reason: "cut short when delivery stopped" });
      }
    }
  }

  /** Brings the lane up to date with the outbox. A new head owes nothing to the failures of the one before it. */
  #refresh(subject: string): void {
    if (!this.#running) return;
    const head = this.#options.outbox.head(subject);
    const lane = this.#lanes.get(subject) ?? this.#newLane(subject);
    if (lane.inFlight) return;
    if (head === undefined) {
      this.#rest(lane);
      this.#lanes.delete(subject);
      return;
    }
    if (head === lane.head) return;
    lane.head = head;
    lane.failures = 0;
    this.#rest(lane);
    this.#ready.add(lane);
    this.#pump();
  }

  #newLane(subject: string): Lane {
    const lane: Lane = {
      subject,
      head: undefined,
      failures: 0,
      inFlight: false,
      retry: undefined,
      retryAt: Number.POSITIVE_INFINITY,
      wokenAt: Number.NEGATIVE_INFINITY,
    };
    this.#lanes.set(subject, lane);
    return lane;
  }

  #rest(lane: Lane): void {
    lane.retry?.cancel();
    lane.retry = undefined;
    this.#ready.delete(lane);
  }

  #pump(): void {
    for (const lane of this.#ready) {
      if (!this.#running || this.#inFlight.size >= this.#options.maxInFlight) return;
      const { clock } = this.#options;
      const { mono } = clock.now();
      const rest = this.#standstill.leftMs;
      const wait = rest > 0 ? rest : this.#outage.take(mono);
      if (wait > 0) {
        this.#allowanceTimer?.cancel();
        this.#allowanceTimer = clock.setTimer(wait, () => {
          this.#standstill.fired(mono + wait);
          this.#pump();
        });
        return;
      }
      this.#ready.delete(lane);
      this.#start(lane);
    }
  }

  #start(lane: Lane): void {
    const entry = lane.head === undefined ? undefined : this.#options.outbox.begin(lane.head);
    // Ended meanwhile: the outbox has emitted the change, which refreshed the lane.
    if (entry === undefined) return;
    const { deliver, clock, attemptTimeoutMs } = this.#options;
    const controller = new AbortController();
    lane.inFlight = true;
    this.#inFlight.set(lane, controller);
    deliverWithin(deliver, entry.notification, clock, attemptTimeoutMs, controller)
      .then((result) => this.#settled(lane, entry, result))
      .catch((error: unknown) => this.#options.log.error(`Defect in the dispatcher: ${String(error)}`));
  }

  #settled(lane: Lane, entry: Entry, result: DeliveryResult): void {
    if (this.#stopped) return;
    const { outbox, clock, retryPolicy } = this.#options;
    lane.inFlight = false;
    this.#inFlight.delete(lane);
    const { mono } = clock.now();
    if (result.outcome === "failed") {
      lane.failures += 1;
      this.#retryAt(lane, mono + retryDelay(retryPolicy, lane.failures, this.#random()));
      this.#outage.failed(mono, result.reason, outbox.pendingCount);
    } else if (this.#outage.responded(mono)) {
      this.#wakeAll(mono);
    }
    outbox.settle(entry.id, result);
    this.#options.onAttempt?.(result.outcome !== "failed");
    this.#pump();
    if (this.#inFlight.size === 0) this.#drained?.();
  }

  #due(lane: Lane): void {
    lane.retry = undefined;
    this.#standstill.fired(lane.retryAt);
    this.#ready.add(lane);
    this.#pump();
  }

  /**
   * The API is back: nothing waits for its own back-off. What fails again by itself is not woken again before the retry
   * interval is over, however often the API responds to others.
   */
  #wakeAll(mono: number): void {
    const { retryPolicy } = this.#options;
    for (const lane of this.#lanes.values()) {
      if (lane.retry === undefined) continue;
      const at = Math.max(mono + this.#random() * RECOVERY_SPREAD_MS, lane.wokenAt + retryPolicy.retryIntervalMs);
      if (at >= lane.retryAt) continue;
      lane.wokenAt = at;
      this.#retryAt(lane, at);
    }
  }

  #retryAt(lane: Lane, mono: number): void {
    if (!this.#running) return;
    const { clock } = this.#options;
    lane.retry?.cancel();
    lane.retryAt = mono;
    lane.retry = clock.setTimer(mono - clock.now().mono, () => this.#due(lane));
  }
}
