import { join } from "node:path";
import type { Clock, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { describeNotification, type Entry, rebase } from "./entry.ts";
import { PendingQueues } from "./pending-queues.ts";
import { moveAside, openStateFile, type StateFile, StateFileError, salvage } from "./state-file.ts";

/** How long writing rests after it failed. */
const WRITE_AGAIN_MS = 5_000;
/** So many endings wait in memory for the disk; what is beyond them is only history. */
const UNWRITTEN_ENDINGS = 1000;

export interface StoreOptions {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Names the file: `<statePath>/<program>.sqlite`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** From `readBootId()`. */
  readonly bootId: string;
  /** For tests: opens the file in another way. */
  readonly open?: (path: string) => StateFile;
}

/**
 * What one program keeps over restarts: its outbox's pending entries and the monitor's saved state. Memory holds what is
 * true and every transaction is written through, synced, before it counts; when the disk cannot take it, memory alone
 * goes on (`degraded` says why) and what is unwritten follows as soon as the disk takes it again.
 */
export class Store {
  readonly path: string;
  readonly #options: StoreOptions;
  readonly #open: (path: string) => StateFile;
  #file: StateFile | undefined;
  #degraded: string | undefined;
  #again: Timer | undefined;
  #closed = false;

  readonly #pending = new PendingQueues();
  readonly #saved = new Map<string, string>();

  /** What the disk does not have yet. */
  readonly #unwritten = new Map<string, Entry>();
  readonly #unwrittenSaved = new Set<string>();
  /** Ids that have a row on disk, of entries pending or unwritten. */
  readonly #onDisk = new Set<string>();

  /** The changes of the transaction under way. */
  #staged: Map<string, Entry> | undefined;
  readonly #stagedSaved = new Map<string, string>();
  #after: (() => void)[] = [];

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#open = options.open ?? openStateFile;
    this.path = join(options.statePath, `${options.program}.sqlite`);
  }

  /** Why nothing reaches the disk just now; undefined while everything does. */
  get degraded(): string | undefined {
    return this.#degraded;
  }

  /** Opens the file and loads it. Never throws: what cannot be opened is done without, loudly. */
  open(): void {
    try {
      const { file, unusable } = this.#openOrReplace();
      this.#file = file;
      const contents = unusable ?? file.load();
      const now = this.#options.clock.now();
      for (const entry of contents.entries) {
        this.#pending.keep(rebase(entry, now, this.#options.bootId));
        if (unusable === undefined) this.#onDisk.add(entry.id);
        else this.#unwritten.set(entry.id, entry);
      }
      for (const [key, json] of contents.saved) {
        this.#saved.set(key, json);
        if (unusable !== undefined) this.#unwrittenSaved.add(key);
      }
      this.#writeOut();
    } catch (error) {
      this.#degrade(error);
    }
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
      this.#stagedSaved.clear();
    }
    const after = this.#after;
    this.#after = [];
    for (const callback of after) this.#tell(callback);
    return result;
  }

  /** Has `callback` called when the transaction under way is durable; never if it fails. */
  afterCommit(callback: () => void): void {
    this.#after.push(callback);
  }

  /** The JSON text saved under `key`. */
  saved(key: string): string | undefined {
    return this.#stagedSaved.get(key) ?? this.#saved.get(key);
  }

  /** Saves JSON text under `key`. Only inside a transaction. */
  save(key: string, json: string): void {
    this.#inTransaction();
    this.#stagedSaved.set(key, json);
  }

  /** Adds an entry, or replaces the one with its id. Only inside a transaction. */
  put(entry: Entry): void {
    this.#inTransaction().set(entry.id, entry);
  }

  /** A pending entry. */
  get(id: string): Entry | undefined {
    const staged = this.#staged?.get(id);
    if (staged !== undefined) return staged.state === "pending" ? staged : undefined;
    return this.#pending.get(id);
  }

  /** The pending entries of one subject, in order. */
  pendingOf(subject: string): readonly Entry[] {
    const kept = this.#pending.of(subject);
    if (this.#staged === undefined || this.#staged.size === 0) return kept;
    const added = [...this.#staged.values()].filter(
      (entry) => entry.subject === subject && !this.#pending.has(entry.id),
    );
    const changed = kept.map((entry) => this.#staged?.get(entry.id) ?? entry);
    return [...changed, ...added].filter((entry) => entry.state === "pending");
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
    let count = this.#pending.size;
    for (const entry of this.#staged?.values() ?? []) {
      const was = this.#pending.has(entry.id) ? 1 : 0;
      count += (entry.state === "pending" ? 1 : 0) - was;
    }
    return count;
  }

  /**
   * The entry's row on disk if another process has ended it there. Memory is brought up to date by it.
   */
  endedElsewhere(id: string): Entry | undefined {
    if (this.#file === undefined || !this.#onDisk.has(id)) return undefined;
    try {
      const row = this.#file.read(id);
      if (row === undefined || row.state === "pending") return undefined;
      this.#pending.forget(id);
      if (!this.#unwritten.has(id)) this.#onDisk.delete(id);
      return row;
    } catch (error) {
      if (this.#degraded === undefined) this.#degrade(error);
      return undefined;
    }
  }

  /** The kept endings, newest first; without those on a disk that cannot be read. */
  ended(): readonly Entry[] {
    const unwritten = [...this.#unwritten.values()].filter((entry) => entry.state !== "pending").reverse();
    try {
      return [...unwritten, ...(this.#file?.ended() ?? [])];
    } catch {
      return unwritten;
    }
  }

  /** Closes the file, after a last attempt to write what is unwritten. */
  close(): void {
    this.#again?.cancel();
    if (this.#closed) return;
    this.#closed = true;
    if (this.#degraded !== undefined) this.#writeAgain();
    closeQuietly(this.#file);
    this.#file = undefined;
  }

  /** What is durable stays so: whoever is told of it cannot make the transaction look failed. */
  #tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.log.error(`Defect after a commit to ${this.path}: ${String(error)}`);
    }
  }

  #inTransaction(): Map<string, Entry> {
    if (this.#staged === undefined) throw new Error("Store: changed outside a transaction");
    return this.#staged;
  }

  #commit(staged: Map<string, Entry>): void {
    if (staged.size === 0 && this.#stagedSaved.size === 0) return;
    for (const [id, entry] of staged) this.#unwritten.set(id, entry);
    for (const [key, json] of this.#stagedSaved) {
      this.#saved.set(key, json);
      this.#unwrittenSaved.add(key);
    }
    for (const entry of staged.values()) this.#pending.keep(entry);
    if (this.#degraded === undefined) {
      try {
        this.#writeOut();
      } catch (error) {
        this.#degrade(error);
      }
    }
    if (this.#degraded !== undefined) this.#boundUnwritten();
  }

  #writeOut(): void {
    if (this.#unwritten.size === 0 && this.#unwrittenSaved.size === 0) return;
    const saved = [...this.#unwrittenSaved].map((key): [string, string] => [key, this.#saved.get(key) ?? "null"]);
    if (this.#file === undefined) throw new Error("it is closed");
    this.#file.write({ entries: this.#unwritten.values(), saved });
    for (const [id, entry] of this.#unwritten) {
      if (entry.state === "pending") this.#onDisk.add(id);
      else this.#onDisk.delete(id);
    }
    this.#unwritten.clear();
    this.#unwrittenSaved.clear();
  }

  #openOrReplace(): { file: StateFile; unusable: ReturnType<StateFile["load"]> | undefined } {
    try {
      return { file: this.#open(this.path), unusable: undefined };
    } catch (error) {
      if (!(error instanceof StateFileError)) throw error;
      const unusable = salvage(this.path);
      const stamp = new Date(this.#options.clock.now().wall).toISOString().replaceAll(":", "");
      const aside = moveAside(this.path, stamp);
      this.#options.log.critical(
        `${error.message}. It was moved to ${aside} and a new one is begun; ` +
          `${unusable.entries.length} undelivered notifications could be read from it and are kept. ` +
          "Check the disk, and compare the hosts' and processes' state with Masakari's notifications.",
      );
      return { file: this.#open(this.path), unusable };
    }
  }

  /** The file stays open: what cannot be written can mostly still be read. */
  #degrade(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#degraded === undefined) {
      this.#options.log.critical(
        `${this.path} cannot be written (${reason}): notifications and state are kept in memory only and would be lost ` +
          "if this program stopped now. They are still delivered. Make room, or give the directory to this user; " +
          "writing is tried again by itself.",
      );
    }
    this.#degraded = reason;
    if (this.#closed) return;
    this.#again?.cancel();
    this.#again = this.#options.clock.setTimer(WRITE_AGAIN_MS, () => this.#writeAgain());
  }

  #writeAgain(): void {
    try {
      const { file } = this.#openOrReplace();
      closeQuietly(this.#file);
      this.#file = file;
      this.#disownUnknown(file);
      this.#writeOut();
      this.#degraded = undefined;
      this.#options.log.warning(`${this.path} can be written again: notifications and state are on disk`);
    } catch (error) {
      this.#degrade(error);
    }
  }

  /**
   * Ends what an earlier run left in a file that could not be read at the start: this run has not known of it, so the
   * opposite may have been seen since, and a STOPPED that is no longer true must not be sent.
   */
  #disownUnknown(file: StateFile): void {
    for (const entry of file.load().entries) {
      if (this.#pending.has(entry.id) || this.#unwritten.has(entry.id)) {
        this.#onDisk.add(entry.id);
        continue;
      }
      const reason = "its file could not be read when the monitor started, so it may no longer be true";
      const endedWall = this.#options.clock.now().wall;
      this.#unwritten.set(entry.id, { ...entry, state: "dropped", reason, endedWall });
      this.#onDisk.add(entry.id);
      this.#options.log.error(
        `Notification ${entry.id} of an earlier run (${describeNotification(entry.notification)}, ` +
          `seen ${entry.notification.generated_time}) is dropped: ${reason}. If it is still true and not seen again by ` +
          "itself, tell Masakari by hand.",
      );
    }
  }

  #boundUnwritten(): void {
    const history = [...this.#unwritten.values()].filter(
      (entry) => entry.state !== "pending" && !this.#onDisk.has(entry.id),
    );
    for (const entry of history.slice(0, -UNWRITTEN_ENDINGS)) this.#unwritten.delete(entry.id);
  }
}

/** Closing a file that has failed may fail too; what matters was said already. */
function closeQuietly(file: StateFile | undefined): void {
  try {
    file?.close();
  } catch {
    return;
  }
}
