import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { moveAside } from "./database-recovery.ts";
import type { Entry } from "./entry.ts";
import { COMPARE } from "./loss.ts";
import { openStateFile, type StateFile, StateFileError } from "./state-file.ts";

export interface CurrentFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens the file in another way than `openStateFile`. */
  readonly open?: ((path: string) => StateFile) | undefined;
  /** Moves it aside in another way than `moveAside`. */
  readonly moveAside?: typeof moveAside | undefined;
}

/**
 * The one connection of a program to its database. A new one is only made when the one before is closed: two connections of a
 * process to one file share the index of its log, which is wrong for a new log; and whatever opens and closes the file beside a
 * connection gives up its locks (fcntl(2)).
 */
export class CurrentFile {
  readonly #options: CurrentFileOptions;
  #file: StateFile | undefined;

  constructor(options: CurrentFileOptions) {
    this.#options = options;
  }

  get file(): StateFile | undefined {
    return this.#file;
  }

  /** @throws as `openStateFile` */
  open(): StateFile {
    this.close();
    const { path, open = openStateFile } = this.#options;
    this.#file = open(path);
    return this.#file;
  }

  /** As `open`; a file that is unusable is moved aside, and a new one begun. @param kept what becomes of its contents */
  openAnyway(kept: string): StateFile {
    try {
      return this.open();
    } catch (error) {
      if (!(error instanceof StateFileError)) throw error;
      return this.beginAnew(error, kept);
    }
  }

  /** Moves the unusable file aside. @throws the system's error or SQLite's */
  beginAnew(error: StateFileError, kept: string): StateFile {
    const aside = this.#moveAside();
    this.#options.log.critical(
      `${error.message}. It was moved to ${aside} and a new one was started; ${kept}. ${COMPARE}`,
    );
    return this.open();
  }

  /**
   * Begins a new file in place of one that was moved, deleted or replaced. What is under its names is moved away before the old
   * connection ends, or SQLite would write its log into the one and delete the other.
   * @returns the ended entries that the old one held, oldest first, and where what was under its name is now
   */
  replaceDisplaced(): {
    readonly file: StateFile;
    readonly history: readonly Entry[];
    readonly aside: string | undefined;
  } {
    const history = this.#history();
    const aside = this.#moveAside();
    return { file: this.open(), history, aside };
  }

  /** Closing a file that has failed may fail too; what matters was logged already. */
  close(): void {
    const file = this.#file;
    this.#file = undefined;
    try {
      file?.close();
    } catch {
      return;
    }
  }

  #history(): readonly Entry[] {
    try {
      return [...(this.#file?.ended() ?? [])].reverse();
    } catch {
      return [];
    }
  }

  #moveAside(): string | undefined {
    const { path, clock } = this.#options;
    const move = this.#options.moveAside ?? moveAside;
    return move(path, new Date(clock.now().wall).toISOString().replaceAll(":", ""));
  }
}
