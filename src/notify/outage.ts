import type { Logger } from "../system/log.ts";
import { countOf } from "../system/plural.ts";
import { outageRefillMs, type RetryPolicy } from "./retry-policy.ts";

/** The first repeat of the line comes after this; each later one after twice as long, up to the second. */
const REPEAT_FIRST_MS = 60_000;
const REPEAT_LONGEST_MS = 3_600_000;
/** An outage that has lasted less is not given a length: the first line of each would be of one of 0 s. */
const WORTH_A_LENGTH_MS = 1000;

/**
 * Whether the API answers, as seen by the attempts: the allowance of attempts while it does not, and the lines about it.
 * One notification that fails alone is an outage to it too; the next response to any other ends it.
 */
export class Outage {
  readonly #retryPolicy: RetryPolicy;
  readonly #burst: number;
  readonly #log: Logger;
  #since: number | undefined;
  #reason: string | undefined;
  #allowance = 0;
  #countedAt = 0;
  #isLogged = false;
  #logAgainAt = Number.NEGATIVE_INFINITY;
  #repeatMs = REPEAT_FIRST_MS;

  /** @param burst attempts that may start at once during an outage */
  constructor(retryPolicy: RetryPolicy, burst: number, log: Logger) {
    this.#retryPolicy = retryPolicy;
    this.#burst = burst;
    this.#log = log;
  }

  /** Monotonic ms since which all attempts have failed; undefined while the API answers. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Why the last attempt of the outage failed. */
  get reason(): string | undefined {
    return this.#since === undefined ? undefined : this.#reason;
  }

  /** An attempt has failed. @param waiting how many entries are pending */
  failed(mono: number, reason: string, waiting: number): void {
    this.#reason = reason;
    if (this.#since === undefined) {
      this.#since = mono;
      this.#allowance = this.#burst;
      this.#countedAt = mono;
      this.#isLogged = false;
    }
    if (mono < this.#logAgainAt) return;
    const first = mono - this.#logAgainAt > REPEAT_LONGEST_MS;
    this.#repeatMs = first ? REPEAT_FIRST_MS : Math.min(this.#repeatMs * 2, REPEAT_LONGEST_MS);
    this.#logAgainAt = mono + this.#repeatMs;
    this.#isLogged = true;
    this.#log.warning(
      `Masakari cannot be notified${lengthOf(" (for ", mono - this.#since, ")")}: ${reason.replace(/\.+$/, "")}. ` +
        `${countOf(waiting, "notification")} kept, to be sent as soon as it answers. Check that Keystone and masakari-api are running and that ` +
        "[api] has the right URLs; `masakari-monitors outbox` lists what waits.",
    );
  }

  /** An attempt got a response about its notification. @returns whether that ends an outage */
  responded(mono: number): boolean {
    if (this.#since === undefined) return false;
    const lasted = mono - this.#since;
    // After a real outage the next one is news at once; one notification that keeps failing alone is not.
    if (lasted >= REPEAT_FIRST_MS) this.#logAgainAt = Math.min(this.#logAgainAt, mono + REPEAT_FIRST_MS);
    if (this.#isLogged) this.#log.info(`Masakari answers again${lengthOf(", after ", lasted)}; what waits is sent now`);
    this.#since = undefined;
    return true;
  }

  /** Takes one attempt from the allowance. @returns 0, or the ms until there is one */
  take(mono: number): number {
    if (this.#since === undefined) return 0;
    const refillMs = outageRefillMs(this.#retryPolicy, mono - this.#since, this.#burst);
    this.#allowance = Math.min(this.#burst, this.#allowance + (mono - this.#countedAt) / refillMs);
    this.#countedAt = mono;
    // In whole milliseconds: a fraction lost to rounding would be waited for without end.
    if (this.#allowance < 1) return Math.ceil((1 - this.#allowance) * refillMs);
    this.#allowance -= 1;
    return 0;
  }
}

function lengthOf(before: string, ms: number, after = ""): string {
  return ms < WORTH_A_LENGTH_MS ? "" : `${before}${Math.round(ms / 1000)} s${after}`;
}
