import type { Instant } from "../system/clock.ts";

/** The times of one notification in this run, which its entry in the outbox does not keep. */
export interface Trail {
  /** When what it was decided from was observed; undefined: an earlier run decided it. */
  readonly observed: Instant | undefined;
  /** When the first attempt of this run began. */
  readonly firstAttempt: Instant | undefined;
}

/** So many of those that have ended are kept: the page shows the last one. */
const KEPT = 20;
const NONE: Trail = { observed: undefined, firstAttempt: undefined };

/** The trails of what is pending, and of what ended last. */
export class Trails {
  readonly #trails = new Map<string, Trail>();
  /** The oldest first. */
  readonly #ended: string[] = [];

  get(id: string): Trail {
    return this.#trails.get(id) ?? NONE;
  }

  observed(id: string, observed: Instant): void {
    this.#trails.set(id, { ...this.get(id), observed });
  }

  attempted(id: string, at: Instant): void {
    const trail = this.get(id);
    if (trail.firstAttempt === undefined) this.#trails.set(id, { ...trail, firstAttempt: at });
  }

  /** May be called more than once: a late response can change how an entry ended. */
  ended(id: string): void {
    if (!this.#trails.has(id) || this.#ended.includes(id)) return;
    this.#ended.push(id);
    if (this.#ended.length <= KEPT) return;
    const oldest = this.#ended.shift();
    if (oldest !== undefined) this.#trails.delete(oldest);
  }
}
