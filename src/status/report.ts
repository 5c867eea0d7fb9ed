import type { Instant } from "../system/clock.ts";
import type { HistogramCounts } from "../system/histogram.ts";
import type { Facts } from "./facts.ts";
import { judge, type Problem, type Verdict, worst } from "./verdict.ts";

/** Which program it is. */
export interface Identity {
  /** The monitor: of its database and its socket. */
  readonly program: string;
  readonly version: string;
  readonly pid: number;
  /** The name under which Masakari knows this host. */
  readonly hostname: string;
  /** When it was started. */
  readonly started: Instant;
}

export interface ReportedProblem {
  readonly severity: string;
  readonly about: string;
  readonly reason: string;
  readonly since: string;
  readonly seconds: number;
}

/**
 * What GET /health returns: snake_case as everywhere in OpenStack, times in ISO 8601. They are reckoned from the age and this
 * host's clock as it is now, so that a step of the clock does not make them lie.
 */
export interface Report {
  readonly program: string;
  readonly version: string;
  readonly pid: number;
  readonly hostname: string;
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly verdict: Verdict;
  readonly problems: readonly ReportedProblem[];
  readonly conditions: Readonly<Record<string, { ok: boolean; since: string; problem: string | null }>>;
  readonly outbox: {
    readonly pending: number;
    readonly oldest_pending_seconds: number | null;
    readonly in_flight: number;
    readonly on_disk: boolean;
    /** Since the program was started. */
    readonly counters: Readonly<Record<string, number>>;
  };
  readonly sensing: {
    readonly observations: number;
    readonly last_observation_at: string | null;
    readonly restarts: number;
    readonly failed_decisions: number;
    readonly failed_effects: number;
  };
  /** Per notification of this run. */
  readonly latency: {
    /** From the observation until the notification was in the outbox. */
    readonly decision: ReportedHistogram;
    /** From the outbox until the API accepted it. */
    readonly delivery: ReportedHistogram;
  };
  readonly event_loop: {
    /** The longest time in which nothing ran in this process, since it was started. */
    readonly worst_delay_seconds: number;
  };
}

/** As in Prometheus: each bucket counts the durations up to its bound, in seconds. */
export interface ReportedHistogram {
  readonly count: number;
  readonly sum_seconds: number;
  readonly buckets: Readonly<Record<string, number>>;
}

/** The report on one monitor. Pure. */
export function reportOn(identity: Identity, facts: Facts, now: Instant): Report {
  const { verdict, problems } = judge(facts, now.mono);
  const { outbox, loop, delay, conditions } = facts;
  const time = (mono: number): string => new Date(now.wall - (now.mono - mono)).toISOString();
  const age = (mono: number): number => Math.max(0, Math.round((now.mono - mono) / 1000));
  return {
    program: identity.program,
    version: identity.version,
    pid: identity.pid,
    hostname: identity.hostname,
    started_at: time(identity.started.mono),
    uptime_seconds: age(identity.started.mono),
    verdict,
    problems: problems.map((one) => ({ ...one, since: time(one.since), seconds: age(one.since) })),
    conditions: Object.fromEntries(
      [...conditions].map(([name, { problem, since }]) => [
        name.replaceAll(" ", "_"),
        { ok: problem === undefined, since: time(since.mono), problem: problem ?? null },
      ]),
    ),
    outbox: {
      pending: outbox.pending,
      oldest_pending_seconds: outbox.oldestPending === undefined ? null : age(outbox.oldestPending),
      in_flight: outbox.inFlight,
      on_disk: outbox.disk === undefined,
      counters: outbox.counters,
    },
    sensing: {
      observations: loop.observations,
      last_observation_at: loop.lastObservation === undefined ? null : time(loop.lastObservation),
      restarts: loop.restarts,
      failed_decisions: loop.failedDecisions,
      failed_effects: loop.failedEffects,
    },
    latency: { decision: histogram(loop.decisionLatency), delivery: histogram(outbox.deliveryLatency) },
    event_loop: { worst_delay_seconds: Math.round(delay.worstMs) / 1000 },
  };
}

const histogram = ({ count, sumSeconds, buckets }: HistogramCounts): ReportedHistogram => ({
  count,
  sum_seconds: sumSeconds,
  buckets: { ...Object.fromEntries(buckets), "+Inf": count },
});

/** One line on several monitors of a process, which stays the same until something changes. */
export function summary(monitors: readonly { readonly name: string; readonly facts: Facts }[], now: number): string {
  const judged = monitors.map(({ name, facts }) => ({ name, ...judge(facts, now) }));
  const named = (name: string, { reason }: Problem): string => (judged.length > 1 ? `${name}: ${reason}` : reason);
  const reasons = judged.flatMap(({ name, problems }) => problems.map((problem) => named(name, problem)));
  const verdict = worst(judged.map((one) => one.verdict));
  return reasons.length === 0 ? verdict : `${verdict}: ${reasons.join("; ")}`;
}
