import type { Entry } from "../../../src/notify/entry.ts";
import type { StateFile } from "../../../src/notify/state-file.ts";

/** The state file of a simulated program: it outlasts the program, and costs no sync. */
export class MemoryStateFile {
  readonly #entries = new Map<string, Entry>();
  readonly #saved = new Map<string, string>();

  /** What is on disk of a monitor's state, under its key. */
  save(key: string, json: string): void {
    this.#saved.set(key, json);
  }

  /** Everything is lost. */
  clear(): void {
    this.#entries.clear();
    this.#saved.clear();
  }

  open(): StateFile {
    const ended = (): Entry[] => [...this.#entries.values()].filter(({ state }) => state !== "pending").reverse();
    return {
      load: () => ({
        entries: [...this.#entries.values()].filter(({ state }) => state === "pending"),
        unreadable: 0,
        saved: new Map(this.#saved),
      }),
      read: (id) => this.#entries.get(id),
      write: ({ entries, saved }) => {
        for (const entry of entries) this.#entries.set(entry.id, entry);
        for (const [key, json] of saved) {
          if (json === undefined) this.#saved.delete(key);
          else this.#saved.set(key, json);
        }
      },
      ended,
      close: () => undefined,
    };
  }
}
