import type { ClusterObservation, FencingEvent, HostObservation } from "../driver.ts";
import { type Host, type HostsState, type Loss, newLoss, type Reading, type View } from "../state.ts";
import { withoutChecks } from "./checks.ts";
import { CLOCKS_APART_MS, type Context } from "./context.ts";
import { notifyStarted, withdrawStopped } from "./notifications.ts";
import { newFencings } from "./proof.ts";
import { rankOf } from "./reporters.ts";
import { lossesCountFrom } from "./storm.ts";
import { CONFIRM_MS, isEstablished, nextStreak } from "./streak.ts";

/** Beyond it a fencing that was not seen is history: its host has been up for long. ms */
const RETURN_NOTICED_MS = 600_000;
/** A host that was fenced and is up again is only reported for so long, ms: then its services run and nothing is to recover. */
export const RETURNED_MS = 120_000;
/** So long after it was first read, the history has all that the other members have of it, ms. */
const HISTORY_WHOLE_MS = 35_000;
/** So many fencings of a host are remembered: more than a driver shows of it. */
const KNOWN_FENCINGS = 40;
/** How long ago the look before the first one may have been, ms. */
const UNKNOWN_GAP_MS = 86_400_000;

/** One look, as far as it is about one host. */
export interface HostLook {
  readonly observed: HostObservation;
  readonly look: ClusterObservation;
  readonly view: View;
  /** It may be believed: this side has quorum, and this host's part of the source is stable. */
  readonly trusted: boolean;
  /** The first trusted one after contact was interrupted. */
  readonly afterGap: boolean;
  /** As before the look. */
  readonly state: HostsState;
}

/** The host after a look. Returns the very same one if nothing has changed. */
export function observeHost(before: Host, given: HostLook, context: Context): Host {
  const seen = given.trusted ? { ...given, observed: fencedOf(before, given) } : given;
  const { observed, look, trusted, afterGap } = seen;
  const reading = nextReading(before.reading, observed, context);
  const read =
    reading === before.reading && observed.kind === before.kind ? before : { ...before, reading, kind: observed.kind };
  if (!trusted) return read;
  const earlier = read.lastUp ?? seen.state.lastLook ?? look.at.wall - UNKNOWN_GAP_MS;
  const lastUp = observed.state === "online" ? undefined : earlier;
  const streak = nextStreak(read.streak, { observed, at: look.at.mono, afterGap }, context.settings);
  let host = streak === read.streak && lastUp === read.lastUp ? read : { ...read, streak, lastUp };
  if (afterGap) host = resumeReturned(host, context);
  if (observed.state === "online") host = seenOnline(host, seen, earlier, context);
  if (host.streak?.unconfirmed) context.wake("confirm", CONFIRM_MS);
  if (host.streak === undefined || !isEstablished(host.streak, context.settings)) return host;
  return host.streak.state === "online"
    ? establishedOnline(host, seen, context)
    : establishedOffline(host, seen, context);
}

/**
 * A host that is neither up nor down and has been fenced since it was last online is down. So it is with a remote node of Pacemaker that is not
 * back: 20 s after it was fenced crm_mon shows a member that tries to connect to it, and a minute after that no failure any more.
 */
function fencedOf(host: Host, { observed, view }: HostLook): HostObservation {
  if (observed.state !== "unstable" || host.baseline !== "online") return observed;
  if (!newFencings(host, view).some(({ byHand }) => !byHand)) return observed;
  return { ...observed, state: "offline", departure: "unknown", reason: "fenced, and not back" };
}

function nextReading(before: Reading | undefined, observed: HostObservation, { at }: Context): Reading {
  const { state, reason, departure, stopping, maintenance, standby } = observed;
  const isSame =
    before !== undefined &&
    before.state === state &&
    before.reason === reason &&
    before.departure === departure &&
    before.stopping === stopping &&
    before.maintenance === maintenance &&
    before.standby === standby;
  if (isSame) return before;
  return {
    state,
    ...(reason !== undefined && { reason }),
    ...(departure !== undefined && { departure }),
    ...(stopping !== undefined && { stopping }),
    ...(maintenance !== undefined && { maintenance }),
    ...(standby !== undefined && { standby }),
    since: before?.state === state ? before.since : at,
  };
}

/** A host that is seen online, even once, must not be reported down; and what happened to it unseen shows now. */
function seenOnline(host: Host, { observed, look, view, afterGap }: HostLook, lastUp: number, context: Context): Host {
  let next = host;
  const { loss } = host;
  if (loss !== undefined && loss.returned === undefined && !loss.withdrawn) {
    withdrawStopped(host.name, "is seen online again", context);
    next = { ...next, loss: { ...withoutChecks(host.name, loss, context), withdrawn: true, reportAt: undefined } };
  }
  if (afterGap) withdrawOld(host, context);
  const { incarnation } = observed;
  if (loss === undefined && host.baseline === "online") {
    const fencedAt = newFencings(host, view).find(({ byHand }) => !byHand)?.completedAt;
    if (fencedAt !== undefined) {
      // What ended before the latest look that saw the host online was late in the history: others may have reported it since the gap.
      const wasLate = fencedAt < lastUp;
      const before = wasLate ? (view.beforeGap ?? look.at.wall - UNKNOWN_GAP_MS) : lastUp;
      const upForMs = wasLate ? look.at.mono - view.contactSince : 0;
      next = openReturned(next, { fencedAt, lastUp: before, upForMs, afterGap: afterGap || wasLate }, context);
    } else if (
      !afterGap &&
      incarnation !== undefined &&
      host.incarnation !== undefined &&
      incarnation !== host.incarnation
    ) {
      context.log(
        "warning",
        `${host.name} left the cluster and joined it again between two looks; nothing shows that it was down`,
      );
    }
  }
  if (incarnation !== next.incarnation) next = { ...next, incarnation };
  return withKnownFencing(next, look);
}

/** After a gap: the wake at which a host has been back for long may have ended with an earlier run, and been due since. */
function resumeReturned(host: Host, context: Context): Host {
  const fencedAt = host.loss?.returned;
  if (fencedAt === undefined) return host;
  if (!isRecentFencing(fencedAt, context)) return returnedLongAgo(host, context);
  context.wake(`returned:${host.name}`, RETURNED_MS);
  return host;
}

/** After a gap: what was to end the report of a host that was back may have ended with an earlier run. */
function withdrawOld({ name, loss, lastNormal }: Host, context: Context): void {
  if (loss !== undefined || lastNormal === undefined) return;
  const leftMs = lastNormal + RETURNED_MS - context.at.wall;
  // More than all of it: the clock was set back, and it is not known for how long the host has been up.
  if (leftMs < 0 || leftMs > RETURNED_MS) withdrawStopped(name, "has been up again for 2 minutes", context);
  else context.wake(`returned:${name}`, leftMs);
}

/** A host that was back has been up for long: what is not reported by now is not true any more. */
export function returnedLongAgo(host: Host, context: Context): Host {
  // It has been lost again since: what waits in the outbox is about that.
  if (host.loss !== undefined && host.loss.returned === undefined) return host;
  withdrawStopped(host.name, "has been up again for 2 minutes", context);
  if (host.loss?.returned === undefined) return host;
  const why = host.loss.holds.map(({ gate }) => gate).join(", ") || "it was not yet time for this monitor to report it";
  context.log("warning", `${host.name} was fenced and has been up again for 2 minutes: not reported (${why})`);
  withoutChecks(host.name, host.loss, context);
  return { ...host, loss: undefined };
}

/** One of the future has a time of a clock that differs from this host's: how old it is cannot be known. */
function isRecentFencing(fencedAt: number, { at }: Context): boolean {
  const age = at.wall - fencedAt;
  return age <= RETURN_NOTICED_MS && age >= -CLOCKS_APART_MS;
}

interface Returned extends Pick<HostLook, "afterGap"> {
  /** ms since the epoch, and so is `lastUp`: when it was last seen online before that. */
  readonly fencedAt: number;
  readonly lastUp: number;
  /** For how long it has been seen up since. */
  readonly upForMs: number;
}

/** It was fenced, which ended its guests, and came back before this monitor looked. */
function openReturned(host: Host, { fencedAt, lastUp, upForMs, afterGap }: Returned, context: Context): Host {
  if (upForMs >= RETURNED_MS || !isRecentFencing(fencedAt, context)) {
    const when = new Date(fencedAt).toISOString();
    context.log(
      "warning",
      `${host.name} was fenced at ${when}, before this monitor looked, and has come back since; not reported`,
    );
    return host;
  }
  context.log("warning", `${host.name} was fenced and came back between two looks`);
  // It may have died, and have been reported by proof of its BMC, long before the cluster could fence it.
  const notBefore = Math.min(fencedAt, lastUp);
  const loss = newLoss({ since: fencedAt, notBefore, afterGap });
  context.wake(`returned:${host.name}`, RETURNED_MS - upForMs);
  return openLoss(host, { ...loss, returned: fencedAt }, context);
}

/**
 * Also what the history has no longer: after Pacemaker or its fencer was started on this host, it is empty until the other members have sent
 * theirs, up to 30 s later, and then each old fencing would be a new one.
 */
function withKnownFencing(host: Host, { fencing, at }: ClusterObservation): Host {
  if (fencing === undefined) return host;
  const readFrom = host.knownFencing === undefined ? at : host.fencingReadFrom;
  const isWhole = readFrom === undefined || at.mono - readFrom.mono >= HISTORY_WHOLE_MS;
  const fencingReadFrom = isWhole ? undefined : readFrom;
  const known = knowing(host, fencing);
  return fencingReadFrom === host.fencingReadFrom ? known : { ...known, fencingReadFrom };
}

function knowing(host: Host, fencing: readonly FencingEvent[]): Host {
  const ids = fencing.filter(({ target, status }) => target === host.name && status !== "pending").map(({ id }) => id);
  const known = host.knownFencing;
  const shown = new Set(ids);
  const next = [...ids, ...(known ?? []).filter((id) => !shown.has(id))].slice(0, KNOWN_FENCINGS);
  const isSame = known !== undefined && next.length === known.length && next.every((id, index) => id === known[index]);
  return isSame ? host : { ...host, knownFencing: next };
}

function openLoss(host: Host, loss: Loss, context: Context): Host {
  const from = lossesCountFrom(context);
  const recent = host.losses.filter((since) => since > from);
  if (host.loss !== undefined) withoutChecks(host.name, host.loss, context);
  return { ...host, loss, losses: [...recent, loss.since] };
}

function establishedOnline(host: Host, { state, look, view }: HostLook, context: Context): Host {
  const { loss, baseline } = host;
  if (loss?.returned !== undefined) return host;
  if (loss === undefined && baseline === "online") return host;
  const online: Host = { ...host, loss: undefined, baseline: "online", firstSight: false };
  if (baseline === undefined) return online;
  const isReported = baseline === "offline";
  context.log("info", `${host.name} is online again${isReported ? "" : "; it was not reported down"}`);
  // Every host monitor sees it: the one that reported it down reports it up, or the first in rank, also where it was down at first sight.
  const isOurs = loss?.sent?.by === "this monitor" || rankOf(host, state) === 0;
  if (isReported && isOurs) notifyStarted(host.name, context);
  // Only then the clock has to decide: it may be wrong, and a new fencing would count as old.
  const isWhole = look.at.mono - view.contactSince >= HISTORY_WHOLE_MS;
  return isWhole ? online : { ...online, fencingReadFrom: look.at };
}

function establishedOffline(host: Host, { look, view }: HostLook, context: Context): Host {
  const { loss, baseline, reading, streak, lastUp } = host;
  if (streak === undefined) return host;
  if (baseline === undefined) return seenDownAtFirst(host, view, context);
  if (loss === undefined ? baseline === "offline" : !loss.withdrawn && loss.returned === undefined) return host;
  const how = loss === undefined ? "lost" : "lost again";
  context.log("warning", `${host.name} is ${how}: ${reading?.reason ?? "the source reports it down"}`);
  const since = look.at.wall - (look.at.mono - streak.began);
  const next = newLoss({ since, notBefore: lastUp ?? since, afterGap: streak.afterGap });
  return openLoss(host, { ...next, inStorm: loss?.inStorm ?? false }, context);
}

/** It is not known when it went down: that is not a failure to report, unless the cluster proves that it has just happened. */
function seenDownAtFirst(host: Host, view: View, context: Context): Host {
  const window = context.settings.first_sight_window * 1000;
  const fencedAt = newFencings({ ...host, knownFencing: [] }, view).find(({ byHand }) => !byHand)?.completedAt;
  if (window > 0 && fencedAt !== undefined && context.at.wall - fencedAt <= window) {
    context.log(
      "warning",
      `${host.name} is down when first seen; it was fenced at ${new Date(fencedAt).toISOString()}`,
    );
    return openLoss(
      { ...host, baseline: "online", knownFencing: [] },
      newLoss({ since: fencedAt, notBefore: fencedAt, afterGap: true }),
      context,
    );
  }
  context.log(
    "warning",
    `${host.name} is down, and was already when first seen: not reported. If its guests are to be recovered, notify Masakari by hand`,
  );
  return { ...host, baseline: "offline", firstSight: true };
}
