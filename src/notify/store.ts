import type { Clock, Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type Entry, rebase } from "./entry.ts";
import type { Notification } from "./notification.ts";
import { PendingQueues } from "./pending-queues.ts";
import { Persistence } from "./persistence.ts";
import type { StateFiles } from "./state-operations.ts";

export interface StoreOptions {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Names the file: `<statePath>/<program>.sqlite`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** From `readBootId()`. */
  readonly bootId: string;
  /** Which notifications the program makes: others in its file were put there by somebody else. All, if not given. */
  readonly types?: readonly Notification["type"][];
  /** Called with each entry that is new or has changed, once that is durable. */
  readonly onEntry?: (entry: Entry) => void;
  /** Uses the file in another way than on this thread. */
  readonly open?: StateFiles["open"];
  readonly rescue?: StateFiles["rescue"];
  readonly moveAside?: StateFiles["moveAside"];
}

/**
 * What one program keeps over restarts: its outbox's pending entries and the monitor's saved state. Memory holds what is
 * true and every transaction is written through, synced, before it counts; when the disk cannot take it, memory alone
 * goes on (`degraded` has the reason) and what is unwritten follows as soon as the disk takes it again.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #disk: Persistence;
  readonly #pending = new PendingQueues();
  readonly #saved = new Map<string, string>();
  readonly #leftovers = new Set<string>();

  /** The changes of the transaction under way. */
  #staged: Map<string, Entry> | undefined;
  /** The ids among them, by subject. */
  readonly #stagedOf = new Map<string, Set<string>>();
  /** How many more are pending with them. */
  #stagedPending = 0;
  readonly #stagedSaved = new Map<string, string | undefined>();
  #after: (() => void)[] = [];

  constructor(options: StoreOptions) {
    this.#options = options;
    const isOurs = ({ type }: Notification): boolean => options.types?.includes(type) ?? true;
    this.#disk = new Persistence({ ...options, isOurs, whole: () => this.#whole() });
  }

  /** Why nothing reaches the disk just now; undefined while everything does. */
  get degraded(): string | undefined {
    return this.#disk.degraded;
  }

  /** Whether that is because the disk does not answer. */
  get isHung(): boolean {
    return this.#disk.isHung;
  }

  /** Since when nothing reaches the disk; undefined while everything does. */
  get degradedSince(): Instant | undefined {
    return this.#disk.degradedSince;
  }

  /** Looks whether the file is still in its place; recreates it if not. @returns whether that was done since it was last asked */
  renewed(): boolean {
    return this.#disk.renewed();
  }

  /** Opens the file and loads it. Never throws: what cannot be opened is done without, loudly. */
  open(): void {
    const { entries, saved } = this.#disk.open();
    const now = this.#options.clock.now();
    for (const entry of entries) {
      this.#pending.keep(rebase(entry, now, this.#options.bootId));
      this.#leftovers.add(entry.id);
    }
    for (const [key, json] of saved) this.#saved.set(key, json);
  }

  /** Ids of the entries that earlier runs left pending, whatever has become of them since. */
  get leftovers(): ReadonlySet<string> {
    return this.#leftovers;
  }

  /**
   * Runs `fn` (synchronous; it may read, `put`, `save`, and call other transactions) and makes all its changes durable
   * together. If it throws nothing is changed. What it registers with `afterCommit` runs then, in order.
   */
  transaction<T>(fn: () => T): T {
    if (this.#staged !== undefined) return fn();
    this.#staged = new Map();
    let result: T;
    try {
      result = fn();
      this.#commit(this.#staged);
    } catch (error) {
      this.#after = [];
      throw error;
    } finally {
      this.#staged = undefined;
      this.#stagedOf.clear();
      this.#stagedPending = 0;
      this.#stagedSaved.clear();
    }
    const after = this.#after;
    this.#after = [];
    for (const callback of after) this.#run(callback);
    return result;
  }

  /** Has `callback` called when the transaction under way is durable; never if it fails. */
  afterCommit(callback: () => void): void {
    this.#after.push(callback);
  }

  /** The JSON text saved under `key`. */
  saved(key: string): string | undefined {
    return this.#stagedSaved.has(key) ? this.#stagedSaved.get(key) : this.#saved.get(key);
  }

  /** All that is saved under keys that begin so, as of the last commit: it looks at every key. */
  *savedUnder(prefix: string): Iterable<readonly [key: string, json: string]> {
    for (const one of this.#saved) if (one[0].startsWith(prefix)) yield one;
  }

  /** Saves JSON text under `key`, or (undefined) deletes what is. Only inside a transaction. */
  save(key: string, json: string | undefined): void {
    this.#inTransaction();
    this.#stagedSaved.set(key, json);
  }

  /** Adds an entry, or replaces the one with its id. Only inside a transaction. */
  put(entry: Entry): void {
    const staged = this.#inTransaction();
    this.#stagedPending += Number(entry.state === "pending") - Number(this.get(entry.id) !== undefined);
    staged.set(entry.id, entry);
    const ids = this.#stagedOf.get(entry.subject) ?? new Set();
    this.#stagedOf.set(entry.subject, ids.add(entry.id));
  }

  /** A pending entry. */
  get(id: string): Entry | undefined {
    const staged = this.#staged?.get(id);
    if (staged !== undefined) return staged.state === "pending" ? staged : undefined;
    return this.#pending.get(id);
  }

  /** Whether another entry, pending or ended, has this id. */
  isTaken(id: string): boolean {
    return this.#staged?.has(id) || this.#pending.has(id) || this.#disk.has(id);
  }

  /** The pending entries of one subject, in order. */
  pendingOf(subject: string): readonly Entry[] {
    const kept = this.#pending.of(subject);
    const staged = this.#stagedOf.get(subject);
    if (staged === undefined) return kept;
    const ids = new Set([...kept.map(({ id }) => id), ...staged]);
    return [...ids].map((id) => this.get(id)).filter((entry) => entry !== undefined);
  }

  /** The head of a subject's queue outside transactions; what `pendingOf(subject)[0]` is, at no cost. */
  firstOf(subject: string): Entry | undefined {
    return this.#pending.first(subject);
  }

  /** Subjects with pending entries, as of the last commit. */
  subjects(): readonly string[] {
    return this.#pending.subjects();
  }

  /** How many entries are pending, those of the transaction under way included. */
  get pendingCount(): number {
    return this.#pending.size + this.#stagedPending;
  }

  /**
   * The entry's row on disk if another process has ended it there. Memory is brought up to date by it.
   */
  endedElsewhere(id: string): Entry | undefined {
    const row = this.#disk.endedElsewhere(id);
    if (row !== undefined) this.#pending.forget(id);
    return row;
  }

  /** The ended entries that are kept, newest first; without those on a disk that cannot be read. */
  ended(): readonly Entry[] {
    return this.#disk.ended();
  }

  /** Closes the file, after a last attempt to write what is unwritten. */
  close(): void {
    this.#disk.close();
  }

  #whole(): { entries: readonly Entry[]; saved: ReadonlyMap<string, string> } {
    return { entries: this.#pending.subjects().flatMap((subject) => this.#pending.of(subject)), saved: this.#saved };
  }

  /** What is durable stays so: an error of a callback cannot make the transaction look failed. */
  #run(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.log.error(`Defect after a commit to ${this.#disk.path}: ${String(error)}`);
    }
  }

  #inTransaction(): Map<string, Entry> {
    if (this.#staged === undefined) throw new Error("Store: changed outside a transaction");
    return this.#staged;
  }

  /** Memory first: what the disk cannot take just now is true all the same. */
  #commit(staged: Map<string, Entry>): void {
    if (staged.size === 0 && this.#stagedSaved.size === 0) return;
    for (const [key, json] of this.#stagedSaved) {
      if (json === undefined) this.#saved.delete(key);
      else this.#saved.set(key, json);
    }
    for (const entry of staged.values()) this.#pending.keep(entry);
    this.#disk.write(staged.values(), this.#stagedSaved);
    const { onEntry } = this.#options;
    if (onEntry !== undefined) for (const entry of staged.values()) this.afterCommit(() => onEntry(entry));
  }
}
