import type { ConditionKind, Conditions } from "../../status/conditions.ts";
import type { Clock } from "../../system/clock.ts";
import type { Logger } from "../../system/log.ts";
import { countOf } from "../../system/plural.ts";

const GAPS: ConditionKind = {
  name: "flight recorder gaps",
  consequence: "explain lacks some of what this monitor observed and decided, and replay skips what follows it",
};

export interface LostRecordsParts {
  readonly conditions: Conditions;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * How long after a loss recording begins again with the whole state, ms: a monitor of which each record is lost must not fill its
 * recording with states. `status` shows the loss for at least so long.
 */
const RESUME_AFTER_MS = 60_000;

/** Records that could not be written because of what they contain: a defect, which is in the log, in `status` and in the recording. */
export class LostRecords {
  readonly #parts: LostRecordsParts;
  /** Since the recording had the whole state last. */
  #count = 0;
  #since = 0;

  constructor(parts: LostRecordsParts) {
    this.#parts = parts;
  }

  /** Whether recording is to begin again, now or later. */
  get isAwaited(): boolean {
    return this.#count > 0;
  }

  /** Whether recording should begin again with the whole state. */
  get isResumptionDue(): boolean {
    return this.#count > 0 && this.#parts.clock.now().mono - this.#since >= RESUME_AFTER_MS;
  }

  /** Never throws. */
  add(program: string, reason: string): void {
    const { clock, log, conditions } = this.#parts;
    if (this.#count === 0) {
      this.#since = clock.now().mono;
      log.error(`Defect in ${program}: a record cannot be written (${reason}); please report this line`);
    }
    this.#count += 1;
    conditions.set(GAPS, `${countOf(this.#count, "record")} could not be written, the last one because: ${reason}`);
  }

  /** The recording goes on with the whole state. */
  resumed(program: string): void {
    const { log, conditions } = this.#parts;
    if (this.#count > 0) log.info(`${program}: recording is complete again; records lost: ${this.#count}`);
    this.#count = 0;
    conditions.set(GAPS, undefined);
  }
}
