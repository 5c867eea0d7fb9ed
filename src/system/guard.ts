import type { Logger } from "./log.ts";
import { messageOf } from "./message-of.ts";

/** Runs what is done again and again beside the monitors. A failure of it is a defect, and must not end them: it is logged once until it succeeds again. */
export class Guard {
  readonly #what: string;
  readonly #log: Pick<Logger, "error">;
  #isFailing = false;

  /** @param what for the log: `looking whether the monitor is armed` */
  constructor(what: string, log: Pick<Logger, "error">) {
    this.#what = what;
    this.#log = log;
  }

  /** @returns what `action` returns; undefined if it failed */
  async run<Value>(action: () => Value | Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await action();
      this.#isFailing = false;
      return value;
    } catch (error) {
      if (!this.#isFailing)
        this.#log.error(`Defect: ${this.#what} failed: ${messageOf(error)}; please report this line`);
      this.#isFailing = true;
      return undefined;
    }
  }
}
