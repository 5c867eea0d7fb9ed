import type { Clock, Instant } from "../system/clock.ts";
import { withJitter } from "../system/jitter.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";

export interface ApiCheckParts {
  /** Goes the way of a notification as far as a harmless request can: login, endpoint, version document. Throws the reason. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** Whether a login is what is missing: that is logged and shown by itself. */
  readonly isLoginTrouble: () => boolean;
  /** Whether the last attempt to deliver a notification, or the last login, failed. */
  readonly isOutage: () => boolean;
  /** The check succeeded. */
  readonly onReached: () => void;
  /** How long to wait after a success, ms. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
}

/** Why a notification could not be delivered just now, and since when. */
export interface ApiTrouble {
  readonly since: Instant;
  /** Without secrets. */
  readonly reason: string;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Checks before anything has to be sent, and again every few minutes, whether a notification could be delivered: a mistyped
 * region or a missing endpoint must not show for the first time when a host fails. Retried until it works.
 */
export class ApiCheck {
  readonly #parts: ApiCheckParts;
  #trouble: ApiTrouble | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** The next check is minutes away. */
  #calm = false;
  #logged = false;
  /** Ends the wait for the next check. */
  #wake = new AbortController();

  constructor(parts: ApiCheckParts) {
    this.#parts = parts;
  }

  /** Undefined: the last check succeeded, the API has responded to a notification since, or nothing is known yet. */
  get trouble(): ApiTrouble | undefined {
    return this.#trouble;
  }

  /** Until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs, isOutage, random = Math.random } = this.#parts;
    while (!signal.aborted) {
      const succeeded = await this.#check(signal);
      this.#calm = succeeded && !isOutage();
      const waitMs = this.#calm ? everyMs : this.#retryMs;
      this.#retryMs = this.#calm ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      this.#wake = new AbortController();
      const until = AbortSignal.any([signal, this.#wake.signal]);
      await clock.sleep(withJitter(waitMs, random), until).catch(() => undefined);
    }
  }

  /** Masakari responded to a notification, which shows more than any check. */
  responded(): void {
    this.#reached();
  }

  /** An attempt to deliver failed. If nothing is left to be sent, only a check can find out when that is over. */
  failed(): void {
    if (!this.#calm) return;
    this.#calm = false;
    this.#wake.abort();
  }

  async #check(signal: AbortSignal): Promise<boolean> {
    const { check, isLoginTrouble, onReached } = this.#parts;
    try {
      await check(signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(isLoginTrouble() ? undefined : messageOf(error));
      return false;
    }
    this.#reached();
    onReached();
    return true;
  }

  #failed(reason: string | undefined): void {
    const { clock, log, isOutage } = this.#parts;
    this.#trouble = reason === undefined ? undefined : { since: this.#trouble?.since ?? clock.now(), reason };
    // While attempts fail they are logged, with the same reason.
    if (reason === undefined || this.#logged || isOutage()) return;
    this.#logged = true;
    log.warning(`Masakari cannot be reached, so no notification could be sent; retrying until it can be: ${reason}`);
  }

  #reached(): void {
    this.#trouble = undefined;
    if (this.#logged) this.#parts.log.info("Masakari can be reached again");
    this.#logged = false;
  }
}
