import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";

/** A restart of libvirtd takes less, and goes through several reasons that are nobody's concern. */
const WORTH_ANOTHER_LINE_MS = 5000;
/** Lines for one outage: messages may hold what changes each time. */
const REASONS_LOGGED = 10;

/** What the operator reads of an outage of libvirt: a line when it begins, one for each new reason, and one when it ends. */
export class OutageLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #consequence: string | undefined;
  readonly #reasons = new Set<string>();
  #wasConnected = false;
  #since: number;

  /** @param parts `consequence`: what the outage means for the user of libvirt, and what to do */
  constructor(parts: { readonly clock: Clock; readonly log: Logger; readonly consequence?: string }) {
    const { clock, log, consequence } = parts;
    this.#clock = clock;
    this.#log = log;
    this.#consequence = consequence;
    this.#since = clock.now().mono;
  }

  get isOutage(): boolean {
    return this.#reasons.size > 0;
  }

  /** The connection was lost, or an attempt to connect failed or takes long. */
  onFailure(reason: string): void {
    const { mono } = this.#clock.now();
    if (!this.isOutage) {
      this.#since = mono;
      this.#reasons.add(reason);
      const what = this.#wasConnected ? "Lost connection to libvirt" : "Cannot connect to libvirt";
      const consequence = this.#consequence === undefined ? "" : `. ${this.#consequence}`;
      this.#log.error(`${what}: ${reason}; retrying${consequence}`);
      return;
    }
    const elapsedMs = mono - this.#since;
    if (elapsedMs < WORTH_ANOTHER_LINE_MS || this.#reasons.has(reason) || this.#reasons.size >= REASONS_LOGGED) return;
    this.#reasons.add(reason);
    this.#log.error(
      `Still no connection to libvirt after ${seconds(elapsedMs)}, for another reason: ${reason}; retrying`,
    );
  }

  /** Libvirt is connected, and everything that depends on it is set up. */
  onConnected(): void {
    this.#wasConnected = true;
    if (!this.isOutage) return;
    this.#reasons.clear();
    this.#log.info(`Connected to libvirt again after ${seconds(this.#clock.now().mono - this.#since)}`);
  }
}

function seconds(ms: number): string {
  if (ms < 50) return `${Math.round(ms)} ms`;
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}
