import { join } from "node:path";
import type { Clock, Instant, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { describeNotification, type Entry } from "./entry.ts";
import { type Contents, moveAside, openStateFile, type StateFile, StateFileError, salvage } from "./state-file.ts";

/** How long writing rests after it failed. */
const WRITE_AGAIN_MS = 5_000;
/** So many endings wait in memory for the disk; what is beyond them is only history. */
const UNWRITTEN_ENDINGS = 1000;

export interface DiskCopyOptions {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Names the file: `<statePath>/<program>.sqlite`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** For tests: opens the file in another way. */
  readonly open?: (path: string) => StateFile;
}

/**
 * The copy on disk of what a program keeps. Every batch is written through, synced; what the disk cannot take waits here
 * (`degraded` says why) and follows as soon as the disk takes it again.
 */
export class DiskCopy {
  readonly path: string;
  readonly #options: DiskCopyOptions;
  readonly #open: (path: string) => StateFile;
  #file: StateFile | undefined;
  #degraded: string | undefined;
  #degradedSince: Instant | undefined;
  #again: Timer | undefined;
  #closed = false;

  /** What the disk does not have yet. */
  readonly #unwritten = new Map<string, Entry>();
  readonly #unwrittenSaved = new Map<string, string>();
  /** Ids that have a row on disk, of entries pending or unwritten. */
  readonly #onDisk = new Set<string>();

  constructor(options: DiskCopyOptions) {
    this.#options = options;
    this.#open = options.open ?? openStateFile;
    this.path = join(options.statePath, `${options.program}.sqlite`);
  }

  /** Why nothing reaches the disk just now; undefined while everything does. */
  get degraded(): string | undefined {
    return this.#degraded;
  }

  /** Since when nothing reaches the disk; undefined while everything does. */
  get degradedSince(): Instant | undefined {
    return this.#degradedSince;
  }

  /** Opens the file. Never throws: what cannot be opened is done without, loudly. @returns what earlier runs left */
  open(): Contents {
    try {
      const { file, unusable } = this.#openOrReplace();
      this.#file = file;
      const contents = unusable ?? file.load();
      for (const entry of contents.entries) {
        if (unusable === undefined) this.#onDisk.add(entry.id);
        else this.#unwritten.set(entry.id, entry);
      }
      if (unusable !== undefined) for (const [key, json] of contents.saved) this.#unwrittenSaved.set(key, json);
      this.#tryToWriteOut();
      return contents;
    } catch (error) {
      this.#degrade(error);
      return { entries: [], saved: new Map() };
    }
  }

  /** Has these on disk when it returns, or, while that is not possible, as soon as it is. */
  write(entries: Iterable<Entry>, saved: Iterable<readonly [key: string, json: string]>): void {
    for (const entry of entries) this.#unwritten.set(entry.id, entry);
    for (const [key, json] of saved) this.#unwrittenSaved.set(key, json);
    if (this.#degraded === undefined) this.#tryToWriteOut();
    if (this.#degraded !== undefined) this.#boundUnwritten();
  }

  /** The entry's row if another process has ended it on disk. */
  endedElsewhere(id: string): Entry | undefined {
    if (this.#file === undefined || !this.#onDisk.has(id)) return undefined;
    try {
      const row = this.#file.read(id);
      if (row === undefined || row.state === "pending") return undefined;
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

  #tryToWriteOut(): void {
    try {
      this.#writeOut();
    } catch (error) {
      this.#degrade(error);
    }
  }

  #writeOut(): void {
    if (this.#unwritten.size === 0 && this.#unwrittenSaved.size === 0) return;
    if (this.#file === undefined) throw new Error("it is closed");
    this.#file.write({ entries: this.#unwritten.values(), saved: this.#unwrittenSaved });
    for (const [id, entry] of this.#unwritten) {
      if (entry.state === "pending") this.#onDisk.add(id);
      else this.#onDisk.delete(id);
    }
    this.#unwritten.clear();
    this.#unwrittenSaved.clear();
  }

  #openOrReplace(): { file: StateFile; unusable: Contents | undefined } {
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
    this.#degradedSince ??= this.#options.clock.now();
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
      this.#degradedSince = undefined;
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
      if (this.#onDisk.has(entry.id) || this.#unwritten.has(entry.id)) {
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
