import { countOf } from "../system/plural.ts";
import type { Severity } from "./conditions.ts";
import type { Facts, LoopDelayFacts, LoopFacts, OutboxFacts, Trouble } from "./facts.ts";
import type { WatchedSubject } from "./subject.ts";

/**
 * `ok`: it monitors, and no problem is known. `degraded`: a dependency is unavailable, or an operator is needed; nothing is
 * lost. `failing`: it does not monitor, or stopping it would lose notifications.
 */
export type Verdict = "ok" | Severity;

export interface Problem {
  readonly severity: Severity;
  /** What it is about, one or two words: the name of a condition, `sensing`, `delivery` … */
  readonly about: string;
  /** In plain words, for the operator on call. */
  readonly reason: string;
  /** Monotonic ms. */
  readonly since: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** The worst first, and of the same severity the oldest. */
  readonly problems: readonly Problem[];
}

/** How long an event counts as a problem: when somebody has dealt with it is not known. */
const RECENT_MS = 3_600_000;
/** While the API responds, a notification is delivered in seconds, or after a retry or two. */
const WAITS_TOO_LONG_MS = 300_000;
/** In a disaster there are hundreds. */
const NAMED_SUBJECTS = 5;
/** Of a name in a reason, characters. */
const NAME_LENGTH = 100;
const LOST = "a stop now would lose them, and this program cannot end before the disk answers";
/** Commands have time-outs of a minute, agents of seconds. */
const ACTS_TOO_LONG_MS = 1_800_000;

/**
 * How a monitor is, and why. Pure.
 * @param now monotonic ms
 */
export function judge(facts: Facts, now: number): Judgement {
  const problems = [
    ...problemsOfLoop(facts.loop, now),
    ...problemsOfDelay(facts.delay, now),
    ...problemsOfOutbox(facts.outbox, now),
    ...problemsOfSubjects(facts.subjects ?? []),
    ...problemsOfConditions(facts.conditions),
  ].sort((one, other) => rank(one.severity) - rank(other.severity) || one.since - other.since);
  return { verdict: problems[0]?.severity ?? "ok", problems };
}

/** Since when nothing was observed although something should have been, monotonic ms; undefined if all is well. */
export function stuckSince(loop: LoopFacts, now: number): number | undefined {
  const { sensingSince, silenceLimitMs, lastObservation } = loop;
  if (sensingSince === undefined || silenceLimitMs === undefined) return undefined;
  const heard = Math.max(sensingSince, lastObservation ?? sensingSince);
  return now - heard > silenceLimitMs ? heard : undefined;
}

/** The worst of several verdicts. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((one, other) => (rank(other) < rank(one) ? other : one), "ok");
}

function problemsOfConditions(conditions: Facts["conditions"]): Problem[] {
  return [...conditions].flatMap(([about, { problem, consequence, severity, since }]) =>
    problem === undefined ? [] : [{ severity, about, reason: `${consequence}: ${problem}`, since: since.mono }],
  );
}

function problemsOfLoop(loop: LoopFacts, now: number): Problem[] {
  const { lastFailure, restarts, oldestActing } = loop;
  const problems: Problem[] = [];
  const stuck = stuckSince(loop, now);
  if (stuck !== undefined) {
    const limit = `something should have been, at least every ${seconds(loop.silenceLimitMs ?? 0)}`;
    problems.push(failing("sensing", `stuck: nothing has been observed, and ${limit}; restart this program`, stuck));
  }
  if (loop.sensingSince === undefined && lastFailure !== undefined) {
    const reason = `sensing failed: ${lastFailure.reason}; it restarts by itself`;
    problems.push(failing("sensing", reason, lastFailure.since));
  } else if (loop.observations === 0) {
    problems.push(degraded("sensing", "it is starting", loop.sensingSince ?? now));
  } else if (lastFailure !== undefined && now - lastFailure.since < RECENT_MS) {
    const reason = `sensing failed and was restarted (restart ${restarts}): ${lastFailure.reason}`;
    problems.push(degraded("sensing", reason, lastFailure.since));
  }
  if (oldestActing !== undefined && now - oldestActing.since > ACTS_TOO_LONG_MS) {
    problems.push(degraded("acting", `${oldestActing.kind} has not finished`, oldestActing.since));
  }
  return problems;
}

function problemsOfDelay({ lastBad }: LoopDelayFacts, now: number): Problem[] {
  if (lastBad === undefined || now - lastBad.since >= RECENT_MS) return [];
  return [degraded("event loop", lastBad.reason, lastBad.since)];
}

function problemsOfOutbox(outbox: OutboxFacts, now: number): Problem[] {
  const { pending, oldestPending, outage, login, unreachable, undeliverable, disk } = outbox;
  const problems: Problem[] = [];
  const cannotTell = outage ?? login ?? unreachable;
  if (disk !== undefined) {
    const reason = `notifications and state are in memory only, because writing them fails: ${disk.reason}`;
    if (disk.isHung) problems.push(failing("disk", `${reason}; ${LOST}`, disk.since));
    else if (cannotTell === undefined || pending === 0) problems.push(degraded("disk", reason, disk.since));
    else
      problems.push(
        failing("disk", `${reason}; stopping now would lose ${countOf(pending, "notification")}`, disk.since),
      );
  }
  if (outage !== undefined) {
    const reason = `Masakari cannot be notified: ${outage.reason}; ${waiting(pending)}`;
    problems.push(degraded("delivery", reason, outage.since));
  } else if (oldestPending !== undefined && now - oldestPending > WAITS_TOO_LONG_MS) {
    problems.push(degraded("delivery", `${waiting(pending)} although Masakari responds`, oldestPending));
  }
  if (login !== undefined && !sameCause(login, outage)) {
    problems.push(degraded("login", `cannot log in: ${login.reason}`, login.since));
  }
  // While attempts fail, the problem above has the reason.
  if (unreachable !== undefined && outage === undefined) {
    problems.push(degraded("masakari", `no notification could be sent: ${unreachable.reason}`, unreachable.since));
  }
  if (undeliverable !== undefined && now - undeliverable.since < RECENT_MS) {
    problems.push(
      degraded(
        "delivery",
        `a notification was not delivered and will not be: ${undeliverable.reason}`,
        undeliverable.since,
      ),
    );
  }
  return problems;
}

/** What is given up is down, or hangs, until somebody repairs it. */
function problemsOfSubjects(subjects: readonly WatchedSubject[]): Problem[] {
  const down = subjects
    .filter(({ givenUp }) => givenUp !== undefined)
    .sort((one, other) => one.since.mono - other.since.mono);
  const problems = down
    .slice(0, NAMED_SUBJECTS)
    .map(({ name, givenUp, since }) => degraded("given up", `${name.slice(0, NAME_LENGTH)}: ${givenUp}`, since.mono));
  const next = down[NAMED_SUBJECTS];
  if (next === undefined) return problems;
  const more = `${down.length - NAMED_SUBJECTS} more are given up; masakari-monitors list shows all`;
  return [...problems, degraded("given up", more, next.since.mono)];
}

const waiting = (pending: number): string => `${countOf(pending, "notification")} ${pending === 1 ? "waits" : "wait"}`;

/** An attempt that fails because there is no login has the login's reason. */
function sameCause(login: Trouble, outage: Trouble | undefined): boolean {
  return outage?.reason.includes(login.reason) === true;
}

function degraded(about: string, reason: string, since: number): Problem {
  return { severity: "degraded", about, reason, since };
}

function failing(about: string, reason: string, since: number): Problem {
  return { severity: "failing", about, reason, since };
}

const rank = (verdict: Verdict): number => ["failing", "degraded", "ok"].indexOf(verdict);

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
