import type { Progress } from "../monitor/progress.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { Store } from "../notify/store.ts";
import type { ApiRequests } from "../openstack/api-requests.ts";
import type { Conditions } from "../status/conditions.ts";
import type { Facts, LoopFacts, OutboxFacts, Trouble } from "../status/facts.ts";
import type { LoopDelay } from "../status/loop-delay.ts";
import type { Instant } from "../system/clock.ts";
import type { Delivery } from "./delivery.ts";

/** The parts of a program that know how a monitor is. */
export interface HealthSources {
  readonly conditions: Conditions;
  /** Those of the program, which several of its monitors share. */
  readonly common: readonly Pick<Conditions, "all">[];
  readonly progress: Progress;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly delivery: Delivery;
  readonly requests: Pick<ApiRequests, "services">;
  readonly silenceLimitMs: () => number | undefined;
  /** Of the program. */
  readonly loopDelay: Pick<LoopDelay, "facts">;
}

/** How the monitor is now. */
export function factsOf(sources: HealthSources): Facts {
  return {
    conditions: new Map([sources.conditions, ...sources.common].flatMap(({ all }) => [...all])),
    loop: loopFacts(sources),
    delay: sources.loopDelay.facts,
    outbox: outboxFacts(sources),
    requests: sources.requests.services,
    subjects: sources.progress.subjects(),
  };
}

function loopFacts({ progress, silenceLimitMs }: HealthSources): LoopFacts {
  const { lastFailure } = progress;
  // A set keeps its order, and what was begun first is first.
  const [oldest] = progress.acting;
  return {
    observations: progress.observations,
    lastObservation: progress.lastObservation?.mono,
    sensingSince: progress.sensingSince?.mono,
    silenceLimitMs: silenceLimitMs(),
    lastFailure: lastFailure && trouble(lastFailure.reason, lastFailure.at),
    restarts: progress.restarts,
    failedDecisions: progress.failedDecisions,
    failedEffects: progress.failedEffects,
    decisionLatency: progress.decisionLatency.counts,
    counts: progress.counts.all,
    oldestActing: oldest && { kind: oldest.kind, since: oldest.since.mono },
  };
}

function outboxFacts({ store, outbox, delivery }: HealthSources): OutboxFacts {
  const { inFlight, failingSince, lastReason } = delivery.status;
  const { loginTrouble, apiTrouble } = delivery;
  const { lastUndelivered } = outbox;
  const { degraded, degradedSince, isHung } = store;
  const oldest = outbox.subjects().map((subject) => store.firstOf(subject)?.created.mono ?? Number.POSITIVE_INFINITY);
  return {
    pending: outbox.pendingCount,
    oldestPending: oldest.length === 0 ? undefined : oldest.reduce((one, other) => Math.min(one, other)),
    inFlight,
    counters: outbox.counters,
    deliveryLatency: outbox.deliveryLatency.counts,
    acceptanceLatency: outbox.acceptanceLatency.counts,
    outage: failingSince === undefined ? undefined : { reason: lastReason ?? "no response", since: failingSince },
    login: loginTrouble && trouble(loginTrouble.reason, loginTrouble.since),
    unreachable: apiTrouble && trouble(apiTrouble.reason, apiTrouble.since),
    undeliverable: lastUndelivered && trouble(lastUndelivered.what, lastUndelivered.at),
    disk:
      degraded === undefined || degradedSince === undefined
        ? undefined
        : { ...trouble(degraded, degradedSince), isHung },
  };
}

const trouble = (reason: string, since: Instant): Trouble => ({ reason, since: since.mono });
