import type { HostStatus } from "../observation.ts";
import { type Host, type HostsState, isSettled, type Loss, type Sent, withHost } from "../state.ts";
import { checkKeys, withoutResults } from "./checks.ts";
import { CLOCKS_APART_MS, type Context, masakariName } from "./context.ts";
import { holdsOn } from "./gates.ts";
import { notifyStarted, notifyStopped } from "./notifications.ts";
import { isUnproven, knownProof, withPowerCheck } from "./proof.ts";
import { delayOf, rankOf } from "./reporters.ts";
import { type Tally, tally } from "./storm.ts";

/** The wake at which everything that is held is decided again, since some gates open by time alone. */
export const HELD = "held";
const HELD_AGAIN_MS = 5000;
/** How often Nova is queried again while it still hears from a host, ms. */
const WITNESS_AGAIN_MS = 10_000;
/** Nova hears from a live host every 10 s (`[DEFAULT] report_interval`): before two of these nothing follows from its silence. ms after the loss */
const WITNESS_FROM_MS = 20_000;
const SECOND_WITNESS = "second witness";
/** The API refuses a repeat within 180 s; of two hosts whose clocks differ (`CLOCKS_APART_MS`), surely within so many ms. */
const REFUSED_MS = 180_000 - CLOCKS_APART_MS;

/** Every loss that is still owed, one step further, as far as gates, proof and reporters let it. */
export function pursueAll(state: HostsState, context: Context): HostsState {
  if (state.troubled.size === 0) return state;
  let next = state;
  const counts = tally(state, context.at.wall);
  for (const name of state.troubled) {
    const host = next.hosts.get(name);
    if (host !== undefined) next = withHost(next, pursueHost(host, next, counts, context));
  }
  return next;
}

/** One lost host, one step further. */
export function pursue(state: HostsState, name: string, context: Context): HostsState {
  const host = state.hosts.get(name);
  return host === undefined ? state : withHost(state, pursueHost(host, state, tally(state, context.at.wall), context));
}

function pursueHost(host: Host, state: HostsState, counts: Tally, context: Context): Host {
  const { loss } = host;
  const { view } = state;
  if (loss === undefined || view === undefined || isSettled(loss)) return host;
  const proof = knownProof(host, loss, view, context);
  const known = proof === loss.proof ? loss : { ...loss, proof };
  const { at, settings } = context;
  const holds = holdsOn({ host, loss: known, view, state, settings, tally: counts, at });
  if (holds.length > 0) {
    // The results of the checks at the APIs are old when nothing holds the loss any more: they are made again then.
    return withLoss(host, recordHolds(host, withoutResults(host.name, known, context), holds, context));
  }
  const free = withoutOtherHolds(known);
  const checked = proof === undefined ? withPowerCheck(host, free, context) : free;
  const status = statusOf(host, checked, state, context);
  if (status === undefined || status === checked.sent?.status) return withLoss(host, checked);
  return reportLoss(host, checked, status, state, context);
}

/** Nothing but the second witness, which is asked last, may still hold it. */
function withoutOtherHolds(loss: Loss): Loss {
  const holds = loss.holds.filter(({ gate }) => gate === SECOND_WITNESS);
  return holds.length === loss.holds.length ? loss : { ...loss, holds };
}

function withLoss(host: Host, loss: Loss): Host {
  return loss === host.loss ? host : { ...host, loss };
}

/** Records why it is held, and logs each reason once. */
function recordHolds(host: Host, loss: Loss, holds: Loss["holds"], context: Context): Loss {
  const earlier = host.loss?.holds ?? [];
  const before = new Set(earlier.map(({ gate }) => gate));
  context.wake(HELD, HELD_AGAIN_MS);
  for (const { gate, reason } of holds) {
    if (before.has(gate)) continue;
    context.log("warning", `${host.name} is lost but not reported (${gate}): ${reason}`);
    context.count("gate_holds", { gate });
  }
  const isSame =
    holds.length === earlier.length &&
    holds.every(({ gate, reason }, index) => gate === earlier[index]?.gate && reason === earlier[index]?.reason);
  const inStorm = loss.inStorm || holds.some(({ gate }) => gate === "storm guard");
  if (isSame && loss === host.loss && inStorm === loss.inStorm && loss.reportAt === undefined) return loss;
  return { ...loss, holds: isSame ? earlier : holds, wasHeld: true, inStorm, reportAt: undefined };
}

/** Which `host_status` can be notified by now. */
function statusOf(host: Host, loss: Loss, state: HostsState, context: Context): HostStatus | undefined {
  if (loss.proof !== undefined) return "NORMAL";
  if (state.view === undefined || loss.sent !== undefined) return undefined;
  return isUnproven(host, loss, state.view, context) ? "UNKNOWN" : undefined;
}

/** Reports it by this monitor, at the time that its rank gives it, unless something holds the report. */
function reportLoss(host: Host, loss: Loss, status: HostStatus, state: HostsState, context: Context): Host {
  const { at, settings } = context;
  if (settings.second_witness) {
    const asked = withWitness(host, loss, context);
    if (asked !== undefined) return withLoss(host, asked);
  }
  const agreed = loss.holds.length === 0 ? loss : { ...loss, holds: [] };
  const rank = settings.report_at_once ? 0 : rankOf(host, state);
  const reportAt = agreed.reportAt ?? at.mono + delayOf(rank, settings.reporter_delay) * 1000;
  const waiting = reportAt === agreed.reportAt ? agreed : { ...agreed, reportAt };
  if (reportAt > at.mono) {
    context.wake(`report:${host.name}`, reportAt - at.mono);
    return withLoss(host, waiting);
  }
  if (rank > 0 || agreed.afterGap || (!settings.report_at_once && mayBeReported(agreed, at))) {
    // That another monitor has notified UNKNOWN is not enough once there is proof: Masakari acts on NORMAL only.
    if (waiting.api?.status !== status) return { ...host, loss: askApi(host, waiting, status, context) };
    if (waiting.api.result === undefined) return withLoss(host, waiting);
    if (waiting.api.result === "notified") return recordElsewhere(host, waiting, status, context);
  }
  return notifyLoss(host, waiting, status, context);
}

/** Another monitor may have reported it, whatever its rank, so long ago that the API would not refuse a repeat: this one had to wait, or saw it late. */
function mayBeReported({ wasHeld, returned, sent, power, notBefore }: Loss, { wall }: Context["at"]): boolean {
  return wasHeld || returned !== undefined || sent !== undefined || power.tries > 1 || wall - notBefore > REFUSED_MS;
}

/** @returns the loss while Nova's response is awaited, or shows that nova-compute is alive, which holds the loss; undefined if it may be reported */
function withWitness(host: Host, loss: Loss, context: Context): Loss | undefined {
  const { witness } = loss;
  const { mono, wall } = context.at;
  if (witness !== undefined) {
    const { result } = witness;
    if (result === undefined) return loss;
    if (result.service !== "alive") return undefined;
    if (result.at + WITNESS_AGAIN_MS > mono) {
      return recordHolds(host, loss, [{ gate: SECOND_WITNESS, reason: result.reason }], context);
    }
  }
  const early = loss.since + WITNESS_FROM_MS - wall;
  // A clock that was set back must not hold it for longer.
  if (early > 0 && early <= WITNESS_FROM_MS) {
    context.wake(`witness:${host.name}`, early);
    return loss;
  }
  const { witness: cancelKey } = checkKeys(host.name);
  const hostname = masakariName(host.name, context.settings);
  context.act({ kind: "checkWitness", host: host.name, hostname, since: loss.since, cancelKey });
  return { ...loss, witness: {} };
}

function askApi(host: Host, loss: Loss, status: HostStatus, context: Context): Loss {
  const { api: cancelKey } = checkKeys(host.name);
  const hostname = masakariName(host.name, context.settings);
  const { lastNormal } = host;
  const earlier = lastNormal !== undefined && lastNormal < loss.since ? lastNormal + 1 : 0;
  // What was notified of the failure before is not about this one.
  const since = Math.max(loss.notBefore - CLOCKS_APART_MS, earlier);
  const lostAt = loss.since - CLOCKS_APART_MS;
  if (loss.api !== undefined) context.cancel(cancelKey);
  context.act({ kind: "checkApi", host: host.name, hostname, since, lostAt, status, cancelKey });
  return { ...loss, api: { status } };
}

function recordElsewhere(host: Host, loss: Loss, status: HostStatus, context: Context): Host {
  context.log("info", `${host.name} is down: another host monitor has notified Masakari (${status})`);
  return recordSent(host, loss, { status, at: context.at.wall, by: "another monitor" }, context);
}

function notifyLoss(host: Host, loss: Loss, status: HostStatus, context: Context): Host {
  const why =
    loss.proof?.text ?? `it is not known whether it is off (${loss.power.last ?? "it has no fencing device"})`;
  const what = loss.returned === undefined ? "is down" : "was down and is up again";
  context.log("warning", `${host.name} ${what}: ${why}; ${context.notifying} (STOPPED, ${status})`);
  notifyStopped(host.name, status, context);
  const sent: Sent = { status, at: context.at.wall, by: "this monitor" };
  return recordSent(host, loss, context.isShadow ? { ...sent, inShadow: true } : sent, context);
}

/** Masakari knows, or is owed by the outbox: only now the baseline changes. */
function recordSent(host: Host, pursued: Loss, what: Sent, context: Context): Host {
  const loss = withoutResults(host.name, pursued, context);
  const lastNormal = what.status === "NORMAL" ? what.at : host.lastNormal;
  if (loss.returned !== undefined) {
    if (what.by === "this monitor") notifyStarted(host.name, context);
    return { ...host, lastNormal, loss: undefined };
  }
  const settled = { ...loss, sent: what, withdrawn: false, reportAt: undefined };
  return { ...host, baseline: "offline", firstSight: false, lastNormal, loss: settled };
}
