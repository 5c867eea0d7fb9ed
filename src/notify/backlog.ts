import type { Entry } from "./entry.ts";
import type { Batch } from "./state-file.ts";

/** So many ended entries wait in memory for the disk; what is beyond them is only history. */
const MOST_ENDED = 1000;

/** What is not on disk yet, and what is: entries by their ids, saved states by their keys. */
export class Backlog {
  #entries = new Map<string, Entry>();
  readonly #saved = new Map<string, string | undefined>();
  /** Ids that have a row on disk, of entries pending or in this backlog. */
  readonly #onDisk = new Set<string>();

  /** Ids of a batch whose writing was given up: it may be carried out all the same. */
  readonly #perhapsOnDisk = new Set<string>();

  add(entries: Iterable<Entry>, saved: Batch["saved"]): void {
    for (const entry of entries) this.#entries.set(entry.id, entry);
    for (const [key, json] of saved) this.#saved.set(key, json);
  }

  /** This entry is on disk, as it was or as it is. */
  found(id: string): void {
    this.#onDisk.add(id);
  }

  /** This entry has ended on disk, and is none of ours any more unless it is still to be written. */
  forget(id: string): void {
    if (!this.#entries.has(id)) this.#onDisk.delete(id);
  }

  /** Writing the batch was given up, and may be carried out all the same. */
  givenUp(): void {
    for (const id of this.#entries.keys()) this.#perhapsOnDisk.add(id);
  }

  isOnDisk(id: string): boolean {
    return this.#onDisk.has(id);
  }

  /** Whether an entry is in the backlog or on disk. */
  knows(id: string): boolean {
    return this.#onDisk.has(id) || this.#entries.has(id);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#saved.size === 0;
  }

  get batch(): Batch {
    return { entries: this.#entries.values(), saved: this.#saved };
  }

  /** Pending, and not on disk in any form. */
  get onlyHere(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ id, state }) => state === "pending" && !this.#onDisk.has(id));
  }

  /** Newest first. */
  get ended(): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.state !== "pending").reverse();
  }

  /** The batch is on disk. */
  written(): void {
    for (const [id, entry] of this.#entries) {
      if (entry.state === "pending") this.#onDisk.add(id);
      else this.#onDisk.delete(id);
    }
    this.#entries.clear();
    this.#perhapsOnDisk.clear();
    this.#saved.clear();
  }

  /** These ended entries, oldest first, are to be on disk before all else. */
  precede(ended: readonly Entry[]): void {
    this.#entries = new Map([...ended.map((entry) => [entry.id, entry] as const), ...this.#entries]);
  }

  /** These pending entries, in this order, are to be on disk before all else: `isMissing` tests whether one of them is not there. */
  recover(pending: readonly Entry[], isMissing: (id: string) => boolean): void {
    const missing = pending.filter(({ id }) => this.#entries.has(id) || isMissing(id));
    // Setting what is there already leaves it in its place.
    this.#entries = new Map([...missing.map((entry) => [entry.id, entry] as const), ...this.#entries]);
  }

  /** Forgets the oldest ended entries of which the disk knows nothing, and need not. */
  bound(): void {
    const history = [...this.#entries.values()].filter(
      ({ id, state }) => state !== "pending" && !this.#onDisk.has(id) && !this.#perhapsOnDisk.has(id),
    );
    for (const entry of history.slice(0, -MOST_ENDED)) this.#entries.delete(entry.id);
  }
}
