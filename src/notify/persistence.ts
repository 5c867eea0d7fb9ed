import { join } from "node:path";
import type { Clock, Instant, Timer } from "../system/clock.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { Backlog } from "./backlog.ts";
import { CurrentFile } from "./current-file.ts";
import { rescueAfter } from "./database-recovery.ts";
import type { Entry } from "./entry.ts";
import { logDropped, logLost, logUnreadable } from "./loss.ts";
import type { Notification } from "./notification.ts";
import { type Batch, type Contents, DisplacedError, type StateFile, StateFileError } from "./state-file.ts";
import type { StateFiles } from "./state-operations.ts";
import { isPassing, logUnwritable } from "./write-failure.ts";

/** How long writing rests after it failed. */
const WRITE_AGAIN_MS = 5_000;

export interface PersistenceOptions {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Names the file: `<statePath>/<program>.sqlite`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** All that is to be on disk, as it is in memory: the pending entries in their order, and the saved states. */
  readonly whole: () => Omit<Contents, "unreadable">;
  /** Whether this program's monitor makes such notifications; those of others are not sent. */
  readonly isOurs: (notification: Notification) => boolean;
  /** Opens the file in another way than `openStateFile`, e.g. on another thread; so the other two. */
  readonly open?: StateFiles["open"];
  readonly rescue?: StateFiles["rescue"];
  readonly moveAside?: StateFiles["moveAside"];
}

/**
 * What a program keeps, on disk. Every batch is written through, synced; what the disk cannot take waits
 * (`degraded` has the reason) and follows as soon as the disk takes it again.
 */
export class Persistence {
  readonly path: string;
  readonly #options: PersistenceOptions;
  readonly #current: CurrentFile;
  readonly #backlog = new Backlog();
  #degraded: string | undefined;
  #degradedSince: Instant | undefined;
  #isHung = false;
  #again: Timer | undefined;
  #closed = false;
  #wasReplaced = false;
  /** Whether the file and the backlog together hold all that the program knows. */
  #isComplete = true;

  constructor(options: PersistenceOptions) {
    this.#options = options;
    this.path = join(options.statePath, `${options.program}.sqlite`);
    this.#current = new CurrentFile({ ...options, path: this.path });
  }

  /** Why nothing reaches the disk just now; undefined while everything does. */
  get degraded(): string | undefined {
    return this.#degraded;
  }

  /** Whether that is because the disk does not answer. */
  get isHung(): boolean {
    return this.#isHung;
  }

  /** Since when nothing reaches the disk; undefined while everything does. */
  get degradedSince(): Instant | undefined {
    return this.#degradedSince;
  }

  /** Opens the file. Never throws: what cannot be opened is done without, loudly. @returns what earlier runs left */
  open(): Contents {
    const contents = this.#openOrRescue();
    const { isOurs } = this.#options;
    const foreign = contents.entries.filter(({ notification }) => !isOurs(notification));
    for (const entry of foreign) this.#drop(entry, "this monitor never makes such, so somebody else has put it there");
    this.write([], []);
    return { ...contents, entries: contents.entries.filter(({ notification }) => isOurs(notification)) };
  }

  #openOrRescue(): Contents {
    try {
      const contents = this.#current.open().load();
      for (const { id } of contents.entries) this.#backlog.found(id);
      logUnreadable(contents.unreadable, this.path, this.#options.log);
      return contents;
    } catch (error) {
      this.#current.close();
      const contents = rescueAfter(error, this.path, this.#options.rescue);
      if (error instanceof StateFileError) this.#beginAnew(error, contents);
      else {
        for (const { id } of contents.entries) this.#backlog.found(id);
        this.#degrade(error);
      }
      return contents;
    }
  }

  /** Has these on disk when it returns, or, while that is not possible, as soon as it is. */
  write(entries: Iterable<Entry>, saved: Batch["saved"]): void {
    this.#backlog.add(entries, saved);
    if (this.#degraded === undefined) {
      try {
        this.#writeOut();
      } catch (error) {
        this.#failed(error);
      }
    }
    if (this.#degraded !== undefined) this.#backlog.bound();
  }

  /** Looks whether the file is still in its place; recreates it if not. @returns whether that was done since it was last asked */
  renewed(): boolean {
    try {
      const problem = this.#degraded === undefined ? this.#current.file?.displaced?.() : undefined;
      if (problem !== undefined) this.#failed(new DisplacedError(problem));
    } catch (error) {
      this.#degrade(error);
    }
    const renewed = this.#wasReplaced;
    this.#wasReplaced = false;
    return renewed;
  }

  /** Whether an entry of this id, pending or ended, is on disk or about to be; false if the disk cannot be read. */
  has(id: string): boolean {
    try {
      return this.#backlog.knows(id) || this.#current.file?.read(id) !== undefined;
    } catch {
      return false;
    }
  }

  /** The entry's row if another process has ended it on disk. */
  endedElsewhere(id: string): Entry | undefined {
    if (this.#current.file === undefined || !this.#backlog.isOnDisk(id)) return undefined;
    try {
      const row = this.#current.file.read(id);
      if (row === undefined || row.state === "pending") return undefined;
      this.#backlog.forget(id);
      return row;
    } catch (error) {
      if (this.#degraded === undefined) this.#degrade(error);
      return undefined;
    }
  }

  /** The ended entries that are kept, newest first; without those on a disk that cannot be read. */
  ended(): readonly Entry[] {
    const unwritten = this.#backlog.ended;
    try {
      return [...unwritten, ...(this.#current.file?.ended() ?? [])];
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
    if (this.#degraded !== undefined) logLost(this.#backlog.onlyHere, this.#options.log);
    this.#current.close();
  }

  #writeOut(): void {
    if (this.#backlog.isEmpty) return;
    if (this.#current.file === undefined) throw new Error("it is closed");
    try {
      this.#current.file.write(this.#backlog.batch);
    } catch (error) {
      if (error instanceof DiskHungError) this.#backlog.givenUp();
      throw error;
    }
    this.#backlog.written();
  }

  /** At the start: what was read of an unusable file goes into a new one. */
  #beginAnew(error: StateFileError, rescued: Contents): void {
    this.#backlog.add(rescued.entries, rescued.saved);
    try {
      const kept = `${rescued.entries.length} undelivered notifications could be read from it and are kept`;
      this.#current.beginAnew(error, kept);
      this.#writeOut();
    } catch (another) {
      this.#degrade(another);
    }
  }

  /** What has been displaced is recreated at once: until then everything would be lost by a crash. */
  #failed(error: unknown): void {
    if (!(error instanceof DisplacedError)) {
      this.#degrade(error);
      return;
    }
    try {
      const aside = this.#replaceDisplaced();
      const what = aside === undefined ? "" : ` What was under its name is now ${aside}.`;
      this.#options.log.critical(
        `${error.message}: a new database was started with all that this program knows; other files of this program that were ` +
          `deleted there are recreated as well.${what} Stop the monitor before you delete or replace its files`,
      );
    } catch (another) {
      this.#degrade(new Error(`${error.message}; a new one cannot be made: ${messageOf(another)}`, { cause: another }));
    }
  }

  #replaceDisplaced(): string | undefined {
    const { file, history, aside } = this.#current.replaceDisplaced();
    this.#backlog.precede(history);
    this.#takeOver(file);
    this.#wasReplaced = true;
    return aside;
  }

  /** The file stays open: what cannot be written can mostly still be read. */
  #degrade(error: unknown): void {
    const reason = messageOf(error);
    if (this.#degraded === undefined) logUnwritable(this.path, error, this.#options.log);
    this.#degraded = reason;
    this.#isHung = error instanceof DiskHungError;
    this.#degradedSince ??= this.#options.clock.now();
    if (this.#closed) return;
    this.#again?.cancel();
    this.#again = this.#options.clock.setTimer(WRITE_AGAIN_MS, () => this.#writeAgain());
  }

  #writeAgain(): void {
    try {
      if (this.#current.file?.displaced?.() !== undefined) this.#replaceDisplaced();
      else if (!this.#writeAsBefore()) {
        this.#takeOver(this.#current.openAnyway("what this program knows is written to that"));
      }
      this.#degraded = undefined;
      this.#isHung = false;
      this.#degradedSince = undefined;
      this.#options.log.warning(`${this.path} can be written again: notifications and state are on disk`);
    } catch (error) {
      this.#degrade(error);
    }
  }

  /**
   * Over the same connection, where that can help: the disk was full, or another program held a transaction.
   * @returns false if the file has to be opened again
   */
  #writeAsBefore(): boolean {
    if (this.#current.file === undefined || !this.#isComplete) return false;
    try {
      this.#writeOut();
      return true;
    } catch (error) {
      if (isPassing(error)) throw error;
      return false;
    }
  }

  /** Has the file, which may be another than before, hold all that this program knows. */
  #takeOver(file: StateFile): void {
    this.#isComplete = false;
    const there = file.load();
    this.#disownUnknown(there.entries);
    const { entries, saved } = this.#options.whole();
    const pendingThere = new Set(there.entries.map(({ id }) => id));
    this.#backlog.recover(entries, (id) => !pendingThere.has(id) && file.read(id) === undefined);
    const changed = [...saved].filter(([key, json]) => there.saved.get(key) !== json);
    const deleted = [...there.saved.keys()].filter((key) => !saved.has(key)).map((key) => [key, undefined] as const);
    this.#backlog.add([], [...changed, ...deleted]);
    this.#isComplete = true;
    this.#writeOut();
  }

  /** Ends an entry of an earlier run with the next write. */
  #drop(entry: Entry, reason: string): void {
    this.#backlog.add([{ ...entry, state: "dropped", reason, endedWall: this.#options.clock.now().wall }], []);
    logDropped(entry, reason, this.#options.log);
  }

  /**
   * Ends what an earlier run left in a file that could not be read at the start: this run has not known of it, so the
   * opposite may have been seen since, and a STOPPED that is no longer true must not be sent.
   */
  #disownUnknown(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const isOurs = this.#backlog.knows(entry.id);
      this.#backlog.found(entry.id);
      if (isOurs) continue;
      const reason = "its file could not be read when the monitor started, so it may no longer be true";
      this.#drop(entry, reason);
    }
  }
}
