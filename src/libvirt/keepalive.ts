import type { Clock, Timer } from "../system/clock.ts";

export interface KeepaliveOptions {
  /** ms of silence from the server before it is pinged. */
  readonly intervalMs: number;
  /** Pings without any sign of life after which the connection is given up: after intervalMs × (count + 1). */
  readonly count: number;
}

/** virConnectSetKeepAlive(5, 3), as the Python instance monitor sets it. */
export const defaultKeepalive: KeepaliveOptions = { intervalMs: 5000, count: 3 };

/**
 * Whether the server lives. One timer at a time, each firing counts at most one ping: so a program that was itself stopped
 * for a minute reads what has come meanwhile before it gives the server up.
 */
export class Keepalive {
  readonly #clock: Clock;
  readonly #options: KeepaliveOptions;
  readonly #ping: () => void;
  readonly #onDead: (silentMs: number) => void;
  #timer: Timer | undefined;
  #lastBytesAt = 0;
  #pings = 0;

  constructor(clock: Clock, options: KeepaliveOptions, ping: () => void, onDead: (silentMs: number) => void) {
    this.#clock = clock;
    this.#options = options;
    this.#ping = ping;
    this.#onDead = onDead;
  }

  start(): void {
    this.onBytes();
    this.#arm(this.#options.intervalMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Anything came from the server. */
  onBytes(): void {
    this.#lastBytesAt = this.#clock.now().mono;
    this.#pings = 0;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    const { intervalMs, count } = this.#options;
    const silentMs = this.#clock.now().mono - this.#lastBytesAt;
    if (this.#pings === 0 && silentMs < intervalMs) {
      this.#arm(intervalMs - silentMs);
    } else if (this.#pings < count) {
      this.#pings += 1;
      this.#arm(intervalMs);
      this.#ping();
    } else {
      this.stop();
      this.#onDead(silentMs);
    }
  }
}
