/** Failed logins that one key may have before it has to wait. */
const ALLOWED = 5;
/** How long failures count, and so how long the wait is at most, ms. */
const PERIOD_MS = 60_000;
/** Keys that are remembered: the ones that failed longest ago are forgotten first. */
const REMEMBERED = 10_000;

interface Failures {
  readonly count: number;
  readonly last: number;
  readonly attempt: string | undefined;
}

/** Slows down whoever guesses passwords. What counts together (a network, a user from a network) is a key of the caller's; other keys go on. */
export class FailedLogins {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many seconds it has to wait; 0 if it may try. */
  secondsToWait(key: string): number {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < ALLOWED) return 0;
    const left = failures.last + PERIOD_MS - this.#now();
    if (left > 0) return Math.ceil(left / 1000);
    this.#failures.delete(key);
    return 0;
  }

  /** @param attempt what was tried, if the same again is no other guess: a program that has kept an earlier password */
  failed(key: string, attempt?: string): void {
    const before = this.#failures.get(key);
    const earlier = before !== undefined && before.last + PERIOD_MS > this.#now() ? before : undefined;
    const isSame = attempt !== undefined && earlier?.attempt === attempt;
    const count = (earlier?.count ?? 0) + (isSame ? 0 : 1);
    this.#failures.delete(key);
    this.#failures.set(key, { count, last: this.#now(), attempt });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > REMEMBERED && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
