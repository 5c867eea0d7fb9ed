import type { Entry } from "./entry.ts";

/** The pending entries in memory: one queue per subject, in order; an entry that is replaced keeps its place. */
export class PendingQueues {
  readonly #subjects = new Map<string, Map<string, Entry>>();
  readonly #subjectOf = new Map<string, string>();

  get size(): number {
    return this.#subjectOf.size;
  }

  has(id: string): boolean {
    return this.#subjectOf.has(id);
  }

  get(id: string): Entry | undefined {
    const subject = this.#subjectOf.get(id);
    return subject === undefined ? undefined : this.#subjects.get(subject)?.get(id);
  }

  of(subject: string): Entry[] {
    return [...(this.#subjects.get(subject)?.values() ?? [])];
  }

  first(subject: string): Entry | undefined {
    return this.#subjects.get(subject)?.values().next().value;
  }

  subjects(): string[] {
    return [...this.#subjects.keys()];
  }

  /** Takes the entry as it is now: one that is not pending any more leaves. */
  keep(entry: Entry): void {
    if (entry.state !== "pending") {
      this.forget(entry.id);
      return;
    }
    const queue = this.#subjects.get(entry.subject) ?? new Map<string, Entry>();
    this.#subjects.set(entry.subject, queue.set(entry.id, entry));
    this.#subjectOf.set(entry.id, entry.subject);
  }

  forget(id: string): void {
    const subject = this.#subjectOf.get(id);
    if (subject === undefined) return;
    this.#subjectOf.delete(id);
    const queue = this.#subjects.get(subject);
    queue?.delete(id);
    if (queue?.size === 0) this.#subjects.delete(subject);
  }
}
