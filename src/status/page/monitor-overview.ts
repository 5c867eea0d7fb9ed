import type { SegmentHost } from "../../openstack/segment-hosts.ts";
import type { Instant } from "../../system/clock.ts";
import type { Armed } from "../armed.ts";
import type { Facts } from "../facts.ts";
import { stateOf } from "../metrics/samples.ts";
import { type Identity, reportOn } from "../report.ts";
import { reportSubjects, type WatchedSubject } from "../subject.ts";
import { type Incident, LISTED, type MonitorOverview } from "./overview.ts";

export interface OverviewParts {
  readonly identity: Identity;
  readonly facts: Facts;
  readonly armed: Armed;
  readonly now: Instant;
  /** This host in Masakari's segments, if it was found there. */
  readonly registered: SegmentHost | undefined;
  readonly incident: Incident | undefined;
}

/** What the page shows of one monitor. Pure. */
export function overviewOf({ identity, facts, armed, now, registered, incident }: OverviewParts): MonitorOverview {
  const report = reportOn(identity, facts, now);
  const subjects = facts.subjects ?? [];
  const unwell = subjects.filter(({ isUnwell }) => isUnwell === true).slice(0, LISTED);
  return {
    monitor: report.program,
    version: report.version,
    hostname: report.hostname,
    started_at: report.started_at,
    state: armed.state,
    reason: armed.reason ?? null,
    since: iso(now, armed.since),
    verdict: report.verdict,
    last_observation_at: report.sensing.last_observation_at,
    outbox: {
      pending: report.outbox.pending,
      oldest_pending_seconds: report.outbox.oldest_pending_seconds,
      on_disk: report.outbox.on_disk,
    },
    problems: report.problems
      .slice(0, LISTED)
      .map(({ severity, about, reason, since }) => ({ severity, about, reason, since })),
    gates: gatesOf(facts, now),
    registration: registered
      ? { segment: registered.segment.name, on_maintenance: registered.onMaintenance, enabled: registered.isEnabled }
      : null,
    counts: countsOf(subjects),
    unwell: reportSubjects(unwell, now).map(({ kind, name, id, phase, since, last_event }) => ({
      kind,
      name,
      id,
      phase,
      since,
      last_event,
    })),
    proof: proofOf(subjects, now),
    incident: incident ?? null,
  };
}

/** The host monitor's conditions that hold back what would be notified. */
function gatesOf({ conditions, subjects = [] }: Facts, now: Instant): MonitorOverview["gates"] {
  if (!subjects.some(({ kind }) => kind === "host")) return [];
  return [...conditions]
    .flatMap(([gate, { effect, problem, since }]) =>
      problem === undefined || (effect !== "held" && gate !== "disarmed")
        ? []
        : [{ gate, reason: problem, since: iso(now, since.mono) }],
    )
    .slice(0, LISTED);
}

function countsOf(subjects: readonly WatchedSubject[]): MonitorOverview["counts"] {
  const counts = new Map<string, { kind: string; state: string; count: number }>();
  for (const { kind, phase } of subjects) {
    const state = stateOf(phase);
    const counted = counts.get(`${kind}\n${state}`);
    if (counted === undefined) counts.set(`${kind}\n${state}`, { kind, state, count: 1 });
    else counted.count += 1;
  }
  return [...counts.values()].sort((one, other) => other.count - one.count).slice(0, LISTED);
}

function proofOf(subjects: readonly WatchedSubject[], now: Instant): MonitorOverview["proof"] {
  let last: MonitorOverview["proof"] = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const { name, proof } of subjects) {
    if (proof === undefined || proof.at <= lastAt) continue;
    lastAt = proof.at;
    last = { host: name, text: proof.text, at: iso(now, proof.at) };
  }
  return last;
}

const iso = (now: Instant, mono: number): string => new Date(now.wall - (now.mono - mono)).toISOString();
