import type { Instant } from "../../../src/system/clock.ts";
import { SimulatedClock } from "./simulated-clock.ts";

/** A world whose time passes only while a test lets it: what was asked for comes in its order. */
export class SimulatedWorld {
  /** The first ms of 2026 were those of its boot. */
  readonly clock = new SimulatedClock({ wall: Date.UTC(2026, 0, 1) + 1000, mono: 1000 });
  /** By how much the machine's wall clock has been set, ms. */
  wallOffset = 0;

  /** ms since boot. */
  get mono(): number {
    return this.clock.now().mono;
  }

  now(): Instant {
    const { mono, wall } = this.clock.now();
    return { mono, wall: wall + this.wallOffset };
  }

  after(ms: number, job: () => void): void {
    this.clock.setTimer(ms, job);
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }
}
