import type { ClusterObservation } from "../../src/host/driver.ts";
import type { HostApi } from "../../src/host/host-api.ts";
import type { HostMonitorObservation, HostSettings, Orders } from "../../src/host/observation.ts";
import type { Observe } from "../../src/monitor/contract.ts";
import type { ProgramClock } from "../support/harness/program-clock.ts";

/** A program that stands still for longer notices it, and a clock that is set by more, ms: as host/pulse.ts. */
const NOTICED_STALL_MS = 6000;
const NOTICED_JUMP_MS = 60_000;

interface QuickSenseParts {
  readonly bootId: string;
  readonly settings: HostSettings;
  readonly api: Pick<HostApi, "segmentHosts">;
}

/**
 * What host/sense.ts observes, at a fifth of its cost, for seeds by the ten thousand: that the program stood still, a clock
 * that was set and orders are observed when they happen, and nothing is polled.
 */
export class QuickSense {
  readonly #clock: ProgramClock;
  readonly #orders: () => Orders;
  #observe: Observe<HostMonitorObservation> | undefined;
  #frozenAt: number | undefined;

  constructor(clock: ProgramClock, orders: () => Orders) {
    this.#clock = clock;
    this.#orders = orders;
  }

  async sense(
    { bootId, settings, api }: QuickSenseParts,
    observe: Observe<HostMonitorObservation>,
    signal: AbortSignal,
    lookAround: () => Promise<void>,
  ): Promise<void> {
    this.#observe = observe;
    observe({ kind: "started", at: this.#clock.now(), bootId, settings });
    this.#observeOrders();
    api.segmentHosts([], signal).then(
      ({ hosts }) => observe({ kind: "segments", at: this.#clock.now(), hosts }),
      () => undefined,
    );
    await lookAround();
  }

  observe(look: ClusterObservation): void {
    this.#observe?.(look);
  }

  freeze(): void {
    this.#frozenAt ??= this.#clock.now().mono;
  }

  thaw(): void {
    if (this.#frozenAt === undefined) return;
    const forMs = this.#clock.now().mono - this.#frozenAt;
    this.#frozenAt = undefined;
    if (forMs > NOTICED_STALL_MS) this.#observe?.({ kind: "stalled", at: this.#clock.now(), forMs });
    this.#observeOrders();
  }

  outsideChanged(clockSetByMs: number): void {
    if (this.#frozenAt !== undefined) return;
    const forMs = Math.abs(clockSetByMs);
    if (forMs > NOTICED_JUMP_MS) this.#observe?.({ kind: "stalled", at: this.#clock.now(), forMs });
    this.#observeOrders();
  }

  #observeOrders(): void {
    this.#observe?.({ kind: "orders", at: this.#clock.now(), orders: this.#orders() });
  }
}
