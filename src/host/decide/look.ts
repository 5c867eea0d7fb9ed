import { countOf } from "../../system/plural.ts";
import type { ClusterObservation, HostObservation } from "../driver.ts";
import type { HostSettings } from "../observation.ts";
import { type HostsState, newHost, type View, withHost, withoutHost } from "../state.ts";
import { withoutChecks } from "./checks.ts";
import { isForgotten, withDriverProblems } from "./conditions.ts";
import { type Context, masakariName } from "./context.ts";
import { observeHost } from "./observe-host.ts";
import { pursueAll } from "./pursue.ts";
import { withRegistration } from "./registration.ts";
import { sharedNames } from "./shared-names.ts";
import { lossesCountFrom, withClockSet } from "./storm.ts";

/** Takes in one look at the whole cluster. */
export function takeLook(before: HostsState, look: ClusterObservation, context: Context): HostsState {
  const known = withDriverProblems(before, look.problems, context);
  // It began before this program was stalled: what it states may be old.
  if (look.at.mono < known.believedFrom) return known;
  const state = withClockSet(known, look.at);
  const { settings } = context;
  const others = look.hosts.filter((host) => isWatched(host, look, settings));
  const trusted = look.quorum === "yes" && look.self.stable === "yes";
  const afterGap = look.interrupted || (state.view?.gap ?? true);
  const view = nextView(state.view, look, {
    watched: others.length,
    gap: trusted ? false : afterGap,
    beforeGap: trusted && afterGap ? state.lastLook : state.view?.beforeGap,
    contactSince: trusted && afterGap ? look.at.mono : (state.view?.contactSince ?? look.at.mono),
  });
  let next: HostsState = { ...state, view, ...(look.complete && { sharedNames: sharedNames(look, settings) }) };
  const seen = new Set<string>();
  const observe = (observed: HostObservation): void => {
    seen.add(observed.name);
    const host = next.hosts.get(observed.name) ?? newHost(observed.name, observed.kind);
    next = withHost(
      next,
      observeHost(host, { observed, look, view, trusted, afterGap, state: { ...state, view } }, context),
    );
  };
  for (const observed of others) observe(observed);
  if (look.complete) {
    for (const { name, kind } of [...next.hosts.values()])
      if (!seen.has(name)) observe({ name, kind, state: "absent" });
  }
  if (trusted) {
    // What earlier runs left about hosts that are online is withdrawn by now; the rest may be sent.
    if (isEachLossSeen(next)) context.caughtUp();
    next = { ...next, lastLook: look.at.wall };
  }
  next = withSettled(next, trusted && look.complete, context);
  return pursueAll(withRegistration(withoutOld(next, context), context), context);
}

/** Whether it is known of each lost host how it is: one that may be online again must not be reported by what an earlier run left. */
function isEachLossSeen({ hosts, troubled }: HostsState): boolean {
  return [...troubled].every((name) => {
    const { loss, reading } = hosts.get(name) ?? {};
    return loss === undefined || (reading !== undefined && reading.state !== "unknown" && reading.state !== "unstable");
  });
}

/** Logs once per start of sensing that every host's state is known, so that from here on each change counts. */
function withSettled(state: HostsState, isWhole: boolean, context: Context): HostsState {
  const { view } = state;
  if (view === undefined || view.settled || !isWhole) return state;
  const counts = new Map<string, number>();
  for (const { baseline, reading } of state.hosts.values()) {
    const is = reading?.state ?? "unknown";
    if (baseline === undefined && (is === "online" || is === "offline")) return state;
    counts.set(is, (counts.get(is) ?? 0) + 1);
  }
  const states = [...counts].map(([is, count]) => `${count} ${is}`).join(", ");
  context.log("info", `Watching ${countOf(view.watched, "host")} of the cluster: ${states || "none"}`);
  return { ...state, view: { ...view, settled: true } };
}

/** Without hosts that vanished long ago, and without losses that count no longer. */
function withoutOld(state: HostsState, context: Context): HostsState {
  const from = lossesCountFrom(context);
  let next = state;
  for (const name of state.troubled) {
    const host = next.hosts.get(name);
    if (host === undefined) continue;
    if (isForgotten(host, context.at.mono)) {
      context.log("info", `${name} is no longer known to the source and no longer watched`);
      if (host.loss !== undefined) withoutChecks(name, host.loss, context);
      next = withoutHost(next, name);
    } else if (host.loss === undefined && host.losses.some((since) => since < from)) {
      next = withHost(next, { ...host, losses: host.losses.filter((since) => since >= from) });
    }
  }
  return next;
}

function isWatched({ name, kind }: HostObservation, { self }: ClusterObservation, settings: HostSettings): boolean {
  if (name === self.name || masakariName(name, settings) === settings.hostname) return false;
  // Consul's and Kubernetes' nodes are neither members nor remotes of a Pacemaker cluster.
  return kind !== "member" || !settings.restrict_to_remotes;
}

function nextView(
  before: View | undefined,
  look: ClusterObservation,
  rest: Pick<View, "watched" | "gap" | "beforeGap" | "contactSince">,
): View {
  const settled = before?.settled ?? false;
  const { at, self, quorum, heartbeat, maintenance, fencing } = look;
  const silentSince = heartbeat === "silent" ? (before?.silentSince ?? at.mono) : undefined;
  const selfKind = look.hosts.find(({ name }) => name === self.name)?.kind ?? before?.selfKind ?? "member";
  return { at, self, selfKind, quorum, heartbeat, maintenance, fencing, silentSince, settled, ...rest };
}
