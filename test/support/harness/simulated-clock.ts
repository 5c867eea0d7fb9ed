import type { Instant } from "../../../src/system/clock.ts";
import { VirtualClock } from "../virtual-clock.ts";

/** So many immediates in a row are one that sets itself again and again. */
const MOST_IMMEDIATES = 1000;

const immediates: (() => void)[] = [];

/**
 * The clock of a world in which nothing but time and the program's own promises and immediates makes something happen. From the first
 * of its kind on, `setImmediate` is its too: a turn of the real event loop takes longer than most of what is decided in it.
 */
export class SimulatedClock extends VirtualClock {
  constructor(start?: Instant) {
    super(start);
    const simulated = (callback: (...args: unknown[]) => void, ...args: unknown[]): void =>
      void immediates.push(() => callback(...args));
    Object.assign(globalThis, { setImmediate: simulated });
  }

  /** A tick comes when no promise is left to settle. */
  protected override async settle(): Promise<void> {
    for (let count = 0; count < MOST_IMMEDIATES; count++) {
      await new Promise<void>((resolve) => process.nextTick(resolve));
      const next = immediates.shift();
      if (next === undefined) return;
      next();
    }
    throw new Error(`not at rest after ${MOST_IMMEDIATES} immediates`);
  }
}
