import type { Logger } from "./log.ts";
import { messageOf } from "./message-of.ts";

/** The log line for a failure that only a defect can cause. @param what was done @param monitor whose defect it is, if that is not clear from it */
export function defectLine(what: string, error: unknown, monitor?: string): string {
  return `Defect${monitor === undefined ? "" : ` in ${monitor}`}: ${what} failed: ${messageOf(error)}; please report this line`;
}

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
      if (!this.#isFailing) this.#log.error(defectLine(this.#what, error));
      this.#isFailing = true;
      return undefined;
    }
  }
}
