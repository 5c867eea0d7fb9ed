import { KeystoneFault } from "./fault.ts";

/** Failed logins that one network may make for one user before it has to wait. */
const allowed = 5;
/** How long failures count, and so how long the wait is at most, ms. */
const period = 60_000;
/** Pairs of user and network that are remembered: the ones that failed longest ago are forgotten first. */
const remembered = 10_000;

interface Failures {
  readonly count: number;
  readonly last: number;
}

/** Slows down whoever guesses passwords; others, and the same user from elsewhere, go on. */
export class LoginThrottle {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws KeystoneFault 429 while too many logins have failed */
  require(key: string): void {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < allowed) return;
    const left = failures.last + period - this.#now();
    if (left > 0) {
      const seconds = Math.ceil(left / 1000);
      throw new KeystoneFault(429, `Too many failed logins; try again in ${seconds} s.`, seconds);
    }
    this.#failures.delete(key);
  }

  failed(key: string): void {
    const earlier = this.#failures.get(key);
    const counts = earlier !== undefined && earlier.last + period > this.#now();
    this.#failures.delete(key);
    this.#failures.set(key, { count: counts ? earlier.count + 1 : 1, last: this.#now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > remembered && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
