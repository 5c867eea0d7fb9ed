import type { Clock } from "../system/clock.ts";
import type { Observe } from "./contract.ts";
import type { SettingsChanged } from "./decision.ts";

/** The settings of a monitor, which may change while it runs (SIGHUP). */
export class LiveSettings<Settings> {
  readonly #clock: Clock;
  #current: Settings;
  #observe: Observe<SettingsChanged<Settings>> | undefined;

  constructor(initial: Settings, clock: Clock) {
    this.#current = initial;
    this.#clock = clock;
  }

  get current(): Settings {
    return this.#current;
  }

  /** Observed as `settingsChanged` if sensing runs; a run that begins later has them in its `started`. */
  change(next: Settings): void {
    this.#current = next;
    this.#observe?.({ kind: "settingsChanged", at: this.#clock.now(), settings: next });
  }

  /** Runs `sense`, and observes changes meanwhile. */
  async during(observe: Observe<SettingsChanged<Settings>>, sense: () => Promise<void>): Promise<void> {
    this.#observe = observe;
    try {
      await sense();
    } finally {
      if (this.#observe === observe) this.#observe = undefined;
    }
  }
}
