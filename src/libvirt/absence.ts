import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";

/** A restart of libvirtd takes less, and goes through several reasons that are nobody's concern. */
const WORTH_ANOTHER_LINE_MS = 5000;
/** So many reasons are told of one absence: messages may hold what changes each time. */
const REASONS_TOLD = 10;

/** That libvirt is away, as the operator hears of it: once when it goes, once for each new reason, once when it is back. */
export class Absence {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #meanwhile: string | undefined;
  readonly #reasons = new Set<string>();
  #since: number;

  /** @param parts `meanwhile`: what it means for whoever uses libvirt */
  constructor(parts: { readonly clock: Clock; readonly log: Logger; readonly meanwhile?: string }) {
    const { clock, log, meanwhile } = parts;
    this.#clock = clock;
    this.#log = log;
    this.#meanwhile = meanwhile;
    this.#since = clock.now().mono;
  }

  get isOn(): boolean {
    return this.#reasons.size > 0;
  }

  /** Libvirt was lost, or could not be reached again. */
  goesOn(reason: string): void {
    const { mono } = this.#clock.now();
    if (!this.isOn) {
      this.#since = mono;
      this.#reasons.add(reason);
      const meaning = this.#meanwhile === undefined ? "" : `${this.#meanwhile}. `;
      this.#log.error(`libvirt is away (${reason}): ${meaning}It is tried again until it answers`);
      return;
    }
    const awayMs = mono - this.#since;
    if (awayMs < WORTH_ANOTHER_LINE_MS || this.#reasons.has(reason) || this.#reasons.size >= REASONS_TOLD) return;
    this.#reasons.add(reason);
    this.#log.error(`libvirt is still away, after ${seconds(awayMs)}, by now for another reason: ${reason}`);
  }

  /** Libvirt is there, and what was to be set up is. */
  ended(): void {
    if (!this.isOn) return;
    this.#reasons.clear();
    this.#log.info(`libvirt is back, after ${seconds(this.#clock.now().mono - this.#since)}`);
  }
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}
