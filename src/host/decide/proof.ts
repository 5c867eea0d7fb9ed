import type { FencingEvent } from "../driver.ts";
import type { HostMonitorObservation } from "../observation.ts";
import type { Host, Loss, PowerChecks, Proof, View } from "../state.ts";
import { checkKeys } from "./checks.ts";
import type { Context } from "./context.ts";

/** A power state that was read so long ago, ms, proves nothing any more: somebody may have switched the host on. */
const POWER_HOLDS_MS = 60_000;
const LONGEST_BACK_OFF_S = 300;

type Fenced = Pick<Host, "name" | "knownFencing" | "fencingReadFrom">;

/**
 * The successful fencing events of a host that came after it was last online: none where the history could not be read then, since each
 * may be old. An unfencing (`on`) never means that it is down.
 */
export function newFencings(host: Fenced, { fencing = [] }: Pick<View, "fencing">): readonly FencingEvent[] {
  const { name, knownFencing } = host;
  if (knownFencing === undefined) return [];
  return fencing.filter(
    (event) =>
      event.target === name &&
      event.status === "success" &&
      (event.action === "off" || event.action === "reboot") &&
      !knownFencing.includes(event.id) &&
      !mayBeOlder(event, host),
  );
}

/** Whether it may be of before the host was first seen online, or was online again, when the history lacked it. */
function mayBeOlder({ completedAt }: FencingEvent, { fencingReadFrom }: Fenced): boolean {
  return fencingReadFrom !== undefined && (completedAt === undefined || completedAt < fencingReadFrom.wall);
}

/** The host without the fencings that ended before it was up again (ms since the epoch): they prove nothing of its present loss. */
export function withoutOldFencings(host: Host, upAgainAt: number, view: View, context: Context): Host {
  const old = newFencings(host, view).filter(({ completedAt }) => completedAt !== undefined && completedAt < upAgainAt);
  if (old.length === 0 || host.loss === undefined) return host;
  context.log("info", `An earlier fencing of ${host.name} does not prove that it is down now: it has been up since`);
  const { proof } = host.loss;
  const loss = proof?.by === "fencing" ? { ...host.loss, proof: undefined } : host.loss;
  return { ...host, loss, knownFencing: [...(host.knownFencing ?? []), ...old.map(({ id }) => id)] };
}

/** What proves, without a question, that the lost host runs nothing. */
export function knownProof(host: Host, loss: Loss, view: View, context: Context): Proof | undefined {
  const at = context.at.mono;
  const { proof } = loss;
  if (proof !== undefined && isStillTrue(proof, host, loss, at)) return proof;
  const fencing = loss.returned === undefined ? provingFencing(host, loss, view) : undefined;
  if (fencing !== undefined || loss.returned !== undefined) {
    context.count("fencing_proof", { method: "history", result: "off" });
    return { by: "fencing", text: fencing === undefined ? "the cluster has fenced it" : describe(fencing), at };
  }
  // Upstream's drivers without fencing, and disable_ipmi_check, take the source's word.
  if (!context.settings.needsProof) return { by: "driver", text: "the source reports it down", at };
  return undefined;
}

/** A host that was fenced and that the source expects to be up has joined the cluster since, which no look has shown. */
function isStillTrue(proof: Proof, { reading }: Host, { returned }: Loss, now: number): boolean {
  if (proof.by === "power") return now - proof.at < POWER_HOLDS_MS;
  return proof.by !== "fencing" || returned !== undefined || reading?.departure !== "crash";
}

/**
 * The fencing that proves this loss. A source that still expects the host to be up has not fenced it since: its success, if there
 * is one, was of an earlier failure that this monitor has not seen. An operator's confirmation is a promise: it counts where no BMC
 * can be asked, or the BMC does not answer, which is when operators confirm.
 */
function provingFencing(host: Host, loss: Loss, view: View): FencingEvent | undefined {
  if (host.reading?.departure === "crash") return undefined;
  const { devices, result } = loss.power;
  return newFencings(host, view).find(({ byHand }) => !byHand || devices === 0 || result === "unknown");
}

function describe({ action, delegate, byHand, requestedBy }: FencingEvent): string {
  if (byHand) return "an operator confirmed that it is down";
  const whose = requestedBy === "person" ? "an operator had it fenced" : "the cluster has fenced it";
  return `${whose} (${action}${delegate === undefined ? "" : ` by ${delegate}`})`;
}

/** Starts the next check of the host's power if it is due. */
export function withPowerCheck(host: Host, loss: Loss, context: Context): Loss {
  const { power } = loss;
  const { mono } = context.at;
  if (power.isUnderWay) return loss;
  if (power.due > mono) {
    context.wake(`power:${host.name}`, power.due - mono);
    return loss;
  }
  const { power: cancelKey } = checkKeys(host.name);
  context.act({ kind: "checkPower", host: host.name, cancelKey });
  return { ...loss, power: { ...power, isUnderWay: true } };
}

/** Takes in what the host's fencing devices reported. */
export function takePowerResult(
  host: Host,
  loss: Loss,
  { result, devices }: Extract<HostMonitorObservation, { kind: "powerChecked" }>,
  context: Context,
): Loss {
  const { mono } = context.at;
  const tries = loss.power.tries + 1;
  const due = mono + pauseAfter(tries, context) * 1000;
  context.count("fencing_proof", { method: "bmc", result: result.power });
  const power: PowerChecks = { tries, isUnderWay: false, due, devices, result: result.power, last: result.reason };
  if (result.power === "off") return { ...loss, power, proof: { by: "power", text: result.reason, at: mono } };
  const state = result.power === "on" ? "its power is on" : "its power state is unknown";
  if (result.reason !== loss.power.last) {
    context.log("warning", `${host.name}: ${state}: ${result.reason}; checking again`);
  }
  return { ...loss, power };
}

/** Upstream's retries at their interval, then further ones ever more rarely: the proof may still come. Seconds. */
function pauseAfter(tries: number, { settings: { ipmi_retry_max, ipmi_retry_interval } }: Context): number {
  const later = tries - ipmi_retry_max;
  const interval = Math.max(1, ipmi_retry_interval);
  return later <= 0 ? interval : Math.min(LONGEST_BACK_OFF_S, interval * 2 ** Math.min(later, 10));
}

/**
 * Whether it is time to notify without proof, as upstream does: its retries are over, and the cluster's own fencing is not under way.
 */
export function isUnproven(host: Host, loss: Loss, view: View, context: Context): boolean {
  const { ipmi_retry_max, ipmi_retry_interval } = context.settings;
  const tried = loss.power.tries > ipmi_retry_max || loss.power.devices === 0;
  const isPending = (view.fencing ?? []).some(({ target, status }) => target === host.name && status === "pending");
  const waited = context.at.wall - loss.since;
  const least = ipmi_retry_max * ipmi_retry_interval * 1000;
  return tried && waited >= least && (!isPending || waited >= 2 * least);
}
