import type { Instant } from "../../system/clock.ts";
import type { Hold, Host, HostsState, Loss, View } from "../state.ts";
import { masakariName } from "./context.ts";
import { newFencings } from "./proof.ts";
import { isStorm, type Tally } from "./storm.ts";

/** What a gate knows. */
export interface GateInput {
  readonly host: Host;
  readonly loss: Loss;
  readonly view: View;
  readonly state: HostsState;
  readonly settings: NonNullable<HostsState["settings"]>;
  readonly tally: Tally;
  readonly at: Instant;
}

/** One reason not to report a lost host for now. */
export interface Gate {
  /** Also the name of the condition that it sets. */
  readonly name: string;
  /** Why it holds, for an operator, with what to do about it; undefined if it does not. */
  check(input: GateInput): string | undefined;
}

/** The API takes an equal notification within so many ms for a repeat (`duplicate_notification_detection_interval`). */
const DUPLICATE_MS = 181_000;
const HOUR_MS = 3_600_000;

/** All gates. None of them loses what it holds: all are evaluated again at each look, wake and result of a check. */
export const GATES: readonly Gate[] = [
  { name: "disarmed", check: ({ state, at }) => whyDisarmed(state, at) },
  { name: "quorum", check: ({ view }) => whyNoQuorum(view) },
  {
    name: "host names",
    check({ host, state, settings }) {
      const others = state.sharedNames.get(host.name);
      if (others === undefined) return undefined;
      return `Masakari would take it for ${others.slice(0, 3).join(", ")}: both are ${masakariName(host.name, settings)} there; correct [host] host_names`;
    },
  },
  {
    name: "this host",
    check: ({ view, settings, at }) => whyUnhealthy(view, settings.stonith_wait, at) ?? whyOutdated(view),
  },
  { name: "stability", check: ({ host, loss }) => whyUnstable(host, loss) },
  { name: "planned work", check: whyPlanned },
  {
    name: "storm guard",
    check: ({ loss, tally, state }) =>
      isStorm(loss, tally) && !isReleased(loss, state)
        ? `${tally.recent > tally.down ? tally.recent : tally.down} hosts are lost at once, which is more likely a fault of this host, the network or ` +
          "the cluster than the death of all of them; if they are really down, run `masakari-monitors release --reason …`"
        : undefined,
  },
  {
    name: "losses per hour",
    check({ host, loss, settings, state, at }) {
      const { losses_per_hour: limit } = settings;
      const recent = host.losses.filter((since) => since > at.wall - HOUR_MS).length;
      if (limit === 0 || recent <= limit || isReleased(loss, state)) return undefined;
      return `lost ${recent} times in the last hour; repair it, or run \`masakari-monitors release --reason …\``;
    },
  },
  {
    name: "repeat",
    check({ host: { lastNormal }, loss, at }) {
      // A repeat of what was sent about this same loss may be treated as one.
      if (lastNormal !== undefined && lastNormal >= loss.since) return undefined;
      const left = lastNormal === undefined ? 0 : lastNormal + DUPLICATE_MS - at.wall;
      // A clock that was set back must not hold it for longer than the API's interval.
      if (left <= 0 || left > DUPLICATE_MS) return undefined;
      return "it was reported less than 3 minutes ago and Masakari would treat this as the same failure; it is reported once the 3 minutes are over";
    },
  },
];

/** Of planned work by operators' command, also while no host is lost. */
export function whyDisarmed({ orders }: HostsState, { mono }: Instant): string | undefined {
  const { disarmed } = orders;
  if (disarmed === undefined || disarmed.until.mono <= mono) return undefined;
  return `disarmed until ${new Date(disarmed.until.wall).toISOString()}: ${disarmed.reason}; end it with \`masakari-monitors arm\``;
}

export function whyNoQuorum({ quorum }: View): string | undefined {
  if (quorum === "yes") return undefined;
  return quorum === "no"
    ? "this side of the cluster has no quorum, so the other side may be the healthy one"
    : "it is not known whether the cluster has quorum";
}

/** @param stonithWait s for which nothing is reported while this host hears from no other, because it may be about to be fenced */
export function whyUnhealthy(view: View, stonithWait: number, { mono }: Instant): string | undefined {
  if (view.self.stable !== "yes") return view.self.reason ?? "this host's part of the cluster is not stable";
  if (view.silentSince === undefined || mono - view.silentSince >= stonithWait * 1000) return undefined;
  return "this host hears from no other host of the cluster and may be the one that is cut off; check its network";
}

/** After this program was suspended, what it knew may be untrue. */
function whyOutdated({ gap }: View): string | undefined {
  return gap ? "the cluster has not been checked since this program was suspended or lost contact" : undefined;
}

function whyUnstable({ reading, streak }: Host, { returned, withdrawn }: Loss): string | undefined {
  if (returned !== undefined) return undefined;
  if (reading?.state === "offline") {
    if (withdrawn) return "it was seen online a moment ago";
    return streak?.unconfirmed ? "one more look must confirm that it is down" : undefined;
  }
  if (reading?.state === "absent") {
    return "the source no longer knows the host; if it died, repair its entry or notify Masakari by hand";
  }
  return reading?.state === "online" ? "it is seen online" : "its state is not known at the moment";
}

/** A stop on purpose, as far as the source can distinguish it from a crash. */
function whyPlanned({ host, loss, view }: GateInput): string | undefined {
  const { reading } = host;
  if (view.maintenance.cluster === "yes") return "the whole cluster is in maintenance";
  if (reading?.maintenance === "yes") return "the host is in maintenance";
  // What was fenced, or confirmed to be down by an operator, has not left on purpose.
  if (reading?.departure !== "expected" || loss.returned !== undefined || newFencings(host, view).length > 0) {
    return undefined;
  }
  return "it left the cluster on purpose; if it is down and its guests are to be recovered, fence it or notify Masakari by hand";
}

/** By the monotonic clock: the order keeps the wall time that it was read with, and the loss moves with a clock that is set. */
function isReleased({ since }: Loss, { orders: { released }, clockBase = 0 }: HostsState): boolean {
  return released !== undefined && released.at.mono >= since - clockBase;
}

/** Every gate that holds the loss, with its reason. */
export function holdsOn(input: GateInput): readonly Hold[] {
  const holds: Hold[] = [];
  for (const { name, check } of GATES) {
    const reason = check(input);
    if (reason !== undefined) holds.push({ gate: name, reason });
  }
  return holds;
}
