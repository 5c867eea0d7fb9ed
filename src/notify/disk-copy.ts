import { join } from "node:path";
import type { Clock, Instant, Timer } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { Backlog } from "./backlog.ts";
import { describeNotification, type Entry } from "./entry.ts";
import { type Batch, type Contents, openStateFile, type StateFile, StateFileError } from "./state-file.ts";
import { moveAside, rescue } from "./unusable-file.ts";

/** How long writing rests after it failed. */
const WRITE_AGAIN_MS = 5_000;
/** So many of those that a stop loses are named in the log. */
const LOST_NAMED = 20;
const COMPARE = "Check the disk, and compare the hosts' and processes' state with Masakari's notifications.";

export interface DiskCopyOptions {
  /** `[DEFAULT] state_path` */
  readonly statePath: string;
  /** Names the file: `<statePath>/<program>.sqlite`. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** All that is to be on disk, as it is in memory: the pending entries in their order, and the saved states. */
  readonly whole: () => Omit<Contents, "unreadable">;
  /** For tests: opens the file in another way. */
  readonly open?: (path: string) => StateFile;
}

/**
 * The copy on disk of what a program keeps. Every batch is written through, synced; what the disk cannot take waits
 * (`degraded` says why) and follows as soon as the disk takes it again.
 */
export class DiskCopy {
  readonly path: string;
  readonly #options: DiskCopyOptions;
  readonly #open: (path: string) => StateFile;
  readonly #backlog = new Backlog();
  #file: StateFile | undefined;
  #degraded: string | undefined;
  #degradedSince: Instant | undefined;
  #again: Timer | undefined;
  #closed = false;

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
      this.#file = this.#open(this.path);
      const contents = this.#file.load();
      for (const { id } of contents.entries) this.#backlog.found(id);
      this.#tellUnreadable(contents.unreadable);
      return contents;
    } catch (error) {
      const contents = rescue(this.path);
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
        this.#degrade(error);
      }
    }
    if (this.#degraded !== undefined) this.#backlog.bound();
  }

  /** Whether an entry of this id, pending or ended, is on disk or about to be; false if the disk cannot be read. */
  has(id: string): boolean {
    try {
      return this.#backlog.knows(id) || this.#file?.read(id) !== undefined;
    } catch {
      return false;
    }
  }

  /** The entry's row if another process has ended it on disk. */
  endedElsewhere(id: string): Entry | undefined {
    if (this.#file === undefined || !this.#backlog.isOnDisk(id)) return undefined;
    try {
      const row = this.#file.read(id);
      if (row === undefined || row.state === "pending") return undefined;
      this.#backlog.forget(id);
      return row;
    } catch (error) {
      if (this.#degraded === undefined) this.#degrade(error);
      return undefined;
    }
  }

  /** The kept endings, newest first; without those on a disk that cannot be read. */
  ended(): readonly Entry[] {
    const unwritten = this.#backlog.ended;
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
    if (this.#degraded !== undefined) this.#tellLost();
    closeQuietly(this.#file);
    this.#file = undefined;
  }

  #writeOut(): void {
    if (this.#backlog.isEmpty) return;
    if (this.#file === undefined) throw new Error("it is closed");
    this.#file.write(this.#backlog.batch);
    this.#backlog.written();
  }

  /** At the start: what was read of an unusable file goes into a new one. */
  #beginAnew(error: StateFileError, rescued: Contents): void {
    this.#backlog.add(rescued.entries, rescued.saved);
    try {
      this.#moveAside(error, `${rescued.entries.length} undelivered notifications could be read from it and are kept`);
      this.#file = this.#open(this.path);
      this.#writeOut();
    } catch (another) {
      this.#degrade(another);
    }
  }

  #moveAside(error: StateFileError, kept: string): void {
    const stamp = new Date(this.#options.clock.now().wall).toISOString().replaceAll(":", "");
    const aside = moveAside(this.path, stamp);
    this.#options.log.critical(
      `${error.message}. It was moved to ${aside} and a new one is begun; ${kept}. ${COMPARE}`,
    );
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

  /** With a file that may be another than before: a new one in place of a damaged one, or of one that somebody has deleted. */
  #writeAgain(): void {
    try {
      const file = this.#openAgain();
      closeQuietly(this.#file);
      this.#file = file;
      const there = file.load();
      this.#disownUnknown(there.entries);
      const { entries, saved } = this.#options.whole();
      this.#backlog.recover(entries, (id) => file.read(id) === undefined);
      const changed = [...saved].filter(([key, json]) => there.saved.get(key) !== json);
      this.#backlog.add([], changed);
      this.#writeOut();
      this.#degraded = undefined;
      this.#degradedSince = undefined;
      this.#options.log.warning(`${this.path} can be written again: notifications and state are on disk`);
    } catch (error) {
      this.#degrade(error);
    }
  }

  #openAgain(): StateFile {
    try {
      return this.#open(this.path);
    } catch (error) {
      if (!(error instanceof StateFileError)) throw error;
      this.#moveAside(error, "what this program knows is written to that");
      return this.#open(this.path);
    }
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
      this.#backlog.add([{ ...entry, state: "dropped", reason, endedWall: this.#options.clock.now().wall }], []);
      this.#options.log.error(
        `Notification ${entry.id} of an earlier run (${describeNotification(entry.notification)}, ` +
          `seen ${entry.notification.generated_time}) is dropped: ${reason}. If it is still true and not seen again by ` +
          "itself, tell Masakari by hand.",
      );
    }
  }

  #tellUnreadable(count: number): void {
    if (count === 0) return;
    this.#options.log.critical(
      `${count} undelivered notifications in ${this.path} are damaged and cannot be sent. ${COMPARE}`,
    );
  }

  /** The program ends and nothing could be written: what is lost is named, so that somebody can act in its place. */
  #tellLost(): void {
    const lost = this.#backlog.onlyHere;
    for (const { id, notification } of lost.slice(0, LOST_NAMED)) {
      this.#options.log.critical(
        `Notification ${id} (${describeNotification(notification)}, seen ${notification.generated_time}) is lost: it was ` +
          "neither delivered nor could it be written to disk. If it is still true, tell Masakari by hand.",
      );
    }
    if (lost.length > LOST_NAMED) this.#options.log.critical(`… and ${lost.length - LOST_NAMED} more are lost`);
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
