import type { Facts, LoopDelayFacts, LoopFacts, OutboxFacts } from "../../src/status/facts.ts";
import { Histogram } from "../../src/system/histogram.ts";

/** Now, in the tests of health; monotonic ms. */
export const NOW = 10_000_000;

export interface ChangedFacts {
  readonly conditions?: Facts["conditions"];
  readonly loop?: Partial<LoopFacts>;
  readonly outbox?: Partial<OutboxFacts>;
  readonly delay?: Partial<LoopDelayFacts>;
}

/** A monitor that has run for an hour and lacks nothing, but for what is changed. */
export function factsWith({ conditions = new Map(), loop = {}, outbox = {}, delay = {} }: ChangedFacts): Facts {
  return {
    conditions,
    loop: {
      observations: 700,
      lastObservation: NOW - 4000,
      sensingSince: NOW - 3_600_000,
      silenceLimitMs: 65_000,
      lastFailure: undefined,
      restarts: 0,
      failedDecisions: 0,
      failedEffects: 0,
      decisionLatency: new Histogram().counts,
      counts: [],
      oldestActing: undefined,
      ...loop,
    },
    requests: new Map(),
    delay: { worstMs: 12, lastBad: undefined, ...delay },
    outbox: {
      pending: 0,
      oldestPending: undefined,
      inFlight: 0,
      counters: { added: 0, delivered: 0 },
      deliveryLatency: new Histogram().counts,
      acceptanceLatency: new Histogram().counts,
      outage: undefined,
      login: undefined,
      unreachable: undefined,
      undeliverable: undefined,
      disk: undefined,
      ...outbox,
    },
  };
}
