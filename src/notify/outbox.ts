import type { Clock, Instant } from "../system/clock.ts";
import { Histogram } from "../system/histogram.ts";
import type { Logger } from "../system/log.ts";
import { countOf } from "../system/plural.ts";
import type { DeliveryResult } from "./delivery.ts";
import { type Entry, newEntryId } from "./entry.ts";
import { describeEntry, type Ending, endingOf, finalStateOf, LOST, logFinalState } from "./final-state.ts";
import type { Notification } from "./notification.ts";
import { entryToDrop, whyOverflowed } from "./overflow.ts";
import type { Store } from "./store.ts";
import { Trails } from "./trails.ts";

/** The last notification that did not reach Masakari and never will; for `status`. */
export interface Undelivered {
  readonly at: Instant;
  /** Which notification, how it ended and why. */
  readonly what: string;
}

/** Since this program started; for `status`. */
export type OutboxCounters = Record<"added" | "attempts" | "failed" | Ending, number>;

export interface OutboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** From `readBootId()`. */
  readonly bootId: string;
  /** How long an entry may wait before it is expired, ms: `[notifications] expiry`, 24 h as the engine's. */
  readonly expiryMs: number;
  /** How many entries may be pending. */
  readonly limit?: number;
  /** For the ids of entries; Math.random if absent. */
  readonly random?: () => number;
}

const DEFAULT_LIMIT = 10_000;

/**
 * The notifications that this host owes Masakari, in order. An entry leaves it in one of six final states, each of which is
 * logged once and counted. It knows nothing of time-outs and retries: those are the dispatcher's.
 */
export class Outbox {
  readonly counters: OutboxCounters = {
    added: 0,
    attempts: 0,
    failed: 0,
    delivered: 0,
    superseded: 0,
    expired: 0,
    rejected: 0,
    dropped: 0,
    overflowed: 0,
    shadowed: 0,
  };
  /** Per delivered notification, until the API accepted it: from being put in, and from the observation that led to it. */
  readonly deliveryLatency = new Histogram();
  readonly acceptanceLatency = new Histogram();
  readonly trails = new Trails();
  readonly #options: OutboxOptions;
  readonly #limit: number;
  #lastUndelivered: Undelivered | undefined;
  /** What earlier runs left is not offered yet: it may have become untrue since. */
  #holdingBack = true;
  /** Entries whose attempt is under way. One that was ended meanwhile waits here for the response, which decides. */
  readonly #inFlight = new Map<string, Entry>();
  readonly #listeners = new Set<(subject: string) => void>();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  /** Calls `listener` with the subject, once durable, whenever something is added to a subject's queue or leaves it. */
  onChange(listener: (subject: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts a notification in, in the transaction under way if there is one. @param observed when what led to it was @returns its id */
  add(subject: string, notification: Notification, observed?: Instant): string {
    const { store, clock, bootId, random = Math.random } = this.#options;
    return store.transaction(() => {
      const id = newEntryId((id) => store.isTaken(id) || this.#inFlight.has(id), random);
      store.put({
        id,
        subject,
        notification,
        state: "pending",
        attempts: 0,
        reason: undefined,
        notificationUuid: undefined,
        created: clock.now(),
        bootId,
        endedWall: undefined,
      });
      store.afterCommit(() => {
        this.counters.added += 1;
        if (observed !== undefined) this.trails.observed(id, observed);
        this.#changed(subject);
      });
      if (store.pendingCount > this.#limit) this.#makeRoom(id);
      return id;
    });
  }

  /**
   * Ends what is pending about the subject: the opposite was observed.
   * @param which the notifications that this makes untrue; all if not given
   * @returns how many entries ended
   */
  supersede(subject: string, reason: string, which: (notification: Notification) => boolean = () => true): number {
    const untrue = () => this.#options.store.pendingOf(subject).filter((entry) => which(entry.notification));
    return this.#endAll(untrue, "superseded", reason);
  }

  /** Ends entries by an operator's command. @returns how many were pending and ended */
  drop(ids: readonly string[] | "all", reason: string): number {
    const { store } = this.#options;
    const all = (): Entry[] => store.subjects().flatMap((subject) => store.pendingOf(subject));
    return this.#endAll(
      () => (ids === "all" ? all() : all().filter((entry) => ids.includes(entry.id))),
      "dropped",
      reason,
    );
  }

  /** Ends every entry that has waited for too long, except one whose attempt is under way. */
  expire(): void {
    const { store } = this.#options;
    const isDue = (entry: Entry): boolean => this.#isExpired(entry) && !this.#inFlight.has(entry.id);
    const due = (): Entry[] => store.subjects().flatMap((subject) => store.pendingOf(subject).filter(isDue));
    this.#endAll(due, "expired", this.#expiredReason());
  }

  /** Subjects that have something pending. */
  subjects(): readonly string[] {
    return this.#options.store.subjects();
  }

  /** The id at the head of the subject's queue; undefined if there is none, or it is held back. */
  head(subject: string): string | undefined {
    const id = this.#options.store.firstOf(subject)?.id;
    return id !== undefined && this.#isHeldBack(id) ? undefined : id;
  }

  /** How many pending entries of earlier runs are held back. */
  get heldBack(): number {
    if (!this.#holdingBack) return 0;
    return [...this.#options.store.leftovers].filter((id) => this.#options.store.get(id) !== undefined).length;
  }

  /**
   * What earlier runs left may be sent from now on. Until this is called it is held back, with what came after it about the
   * same subjects: the process may run again by now, and a STOPPED that is no longer true must not be sent.
   */
  takeUpLeftovers(): void {
    const { heldBack } = this;
    this.#holdingBack = false;
    if (heldBack === 0) return;
    this.#options.log.info(`Sending ${countOf(heldBack, "notification")} that an earlier run left`);
    for (const subject of this.subjects()) this.#changed(subject);
  }

  /** Everything pending, grouped by subject, each in order. */
  list(): readonly Entry[] {
    return this.subjects().flatMap((subject) => this.#options.store.pendingOf(subject));
  }

  /** What has ended lately, newest first. */
  listEnded(): readonly Entry[] {
    return this.#options.store.ended();
  }

  /** The last one of this run that was rejected or expired; undefined as soon as one is delivered. */
  get lastUndelivered(): Undelivered | undefined {
    return this.#lastUndelivered;
  }

  get pendingCount(): number {
    return this.#options.store.pendingCount;
  }

  /**
   * To be asked right before an attempt: another process may have dropped the entry, or its time may be over.
   * @returns the entry, now in flight until `settle`; undefined if it must not be sent
   */
  begin(id: string): Entry | undefined {
    const { store, clock } = this.#options;
    const entry = store.get(id);
    if (entry === undefined || this.#inFlight.has(id)) return undefined;
    const elsewhere = store.endedElsewhere(id);
    if (elsewhere !== undefined) {
      this.#report(elsewhere);
      this.#changed(elsewhere.subject);
      return undefined;
    }
    if (this.#isExpired(entry)) {
      this.#endAll(() => [entry], "expired", this.#expiredReason());
      return undefined;
    }
    this.#inFlight.set(id, entry);
    this.trails.attempted(id, clock.now());
    this.counters.attempts += 1;
    return entry;
  }

  /** What the attempt came to. An entry that was ended meanwhile keeps its final state unless the API did respond. */
  settle(id: string, result: DeliveryResult): void {
    const { store, clock } = this.#options;
    const entry = this.#inFlight.get(id);
    if (entry === undefined) return;
    const attempts = entry.attempts + (result.outcome === "shadowed" ? 0 : 1);
    if (result.outcome === "failed") this.counters.failed += 1;
    store.transaction(() => {
      if (result.outcome === "failed") {
        if (entry.state === "pending") store.put({ ...entry, attempts, reason: result.reason });
        else store.afterCommit(() => this.#report(entry));
      } else {
        const ended = {
          ...entry,
          ...finalStateOf(result, this.#isFirstTry(entry)),
          attempts,
          endedWall: clock.now().wall,
        };
        store.put(ended);
        store.afterCommit(() => this.#report(ended));
      }
      store.afterCommit(() => {
        this.#inFlight.delete(id);
        this.#changed(entry.subject);
      });
    });
  }

  /** An earlier run may have been killed between its attempt and the response, and so the API may have it. */
  #isFirstTry({ id, attempts }: Entry): boolean {
    return attempts === 0 && !this.#options.store.leftovers.has(id);
  }

  #isHeldBack(id: string): boolean {
    return this.#holdingBack && this.#options.store.leftovers.has(id);
  }

  #isExpired(entry: Entry): boolean {
    return this.#options.clock.now().mono - entry.created.mono >= this.#options.expiryMs;
  }

  #expiredReason(): string {
    return `undelivered for ${Math.round(this.#options.expiryMs / 1000)} s`;
  }

  #endAll(which: () => readonly Entry[], state: Exclude<Entry["state"], "pending">, reason: string): number {
    const { store, clock } = this.#options;
    return store.transaction(() => {
      const entries = which();
      for (const entry of entries) this.#end({ ...entry, state, reason, endedWall: clock.now().wall });
      return entries.length;
    });
  }

  /** On disk at once, so that a crash during the attempt does not send it again; listeners are called when the attempt has settled. */
  #end(ended: Entry): void {
    const { store } = this.#options;
    store.put(ended);
    store.afterCommit(() => {
      if (this.#inFlight.has(ended.id)) this.#inFlight.set(ended.id, ended);
      else this.#report(ended);
      this.#changed(ended.subject);
    });
  }

  #makeRoom(newest: string): void {
    const { store, clock } = this.#options;
    const dropped = entryToDrop(store, (id) => id === newest || this.#inFlight.has(id));
    if (dropped === undefined) return;
    this.#end({ ...dropped, state: "dropped", reason: whyOverflowed(this.#limit), endedWall: clock.now().wall });
  }

  #changed(subject: string): void {
    for (const listener of this.#listeners) listener(subject);
  }

  #report(entry: Entry): void {
    const ending = endingOf(entry);
    this.counters[ending] += 1;
    const { log, clock } = this.#options;
    if (ending === "delivered") {
      this.#lastUndelivered = undefined;
      this.deliveryLatency.record(clock.now().mono - entry.created.mono);
      this.acceptanceLatency.record(clock.now().mono - (this.trails.get(entry.id).observed ?? entry.created).mono);
    } else if (LOST.has(ending)) this.#lastUndelivered = { at: clock.now(), what: describeEntry(entry) };
    this.trails.ended(entry.id);
    logFinalState(entry, log);
  }
}
