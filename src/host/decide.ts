import { decideBy } from "../monitor/decision.ts";
import { withoutChecks } from "./decide/checks.ts";
import { withConditions } from "./decide/conditions.ts";
import type { Context } from "./decide/context.ts";
import { takeLook } from "./decide/look.ts";
import { returnedLongAgo } from "./decide/observe-host.ts";
import { takePowerResult, withoutOldFencings } from "./decide/proof.ts";
import { HELD, pursue, pursueAll } from "./decide/pursue.ts";
import { withRegistration } from "./decide/registration.ts";
import type { HostEffect, HostMonitorObservation, HostSettings, Orders } from "./observation.ts";
import { type Host, type HostsState, type Loss, withHost } from "./state.ts";

/** The decisions of the host monitor, whatever the driver. Pure. */
export const decide = decideBy<HostsState, HostMonitorObservation, HostEffect, HostSettings>({
  // The cluster does not change because this host was rebooted: what was known of the others is still what Masakari knows.
  rebooted: (state) => ({ ...state, clockBase: undefined }),
  started: (state, _observation, context) => ({ ...state, view: undefined, hosts: withoutAllChecks(state, context) }),
  observed(state, observation, context) {
    switch (observation.kind) {
      case "cluster":
        return takeLook(state, observation, context);
      case "powerChecked":
        return takeResult(
          state,
          observation.host,
          (host, loss) => takePowerResult(host, loss, observation, context),
          context,
        );
      case "apiChecked":
        return takeReport(state, observation, context);
      case "witnessChecked": {
        const { host: name, service, reason } = observation;
        const witness = { result: { service, reason, at: context.at.mono } };
        return takeResult(state, name, (_, loss) => ({ ...loss, witness }), context);
      }
      case "stalled":
        return takeStall(state, observation, context);
      case "orders":
        return takeOrders(state, observation.orders, context);
      case "segments":
        return withRegistration(
          { ...state, segmentHosts: new Map(observation.hosts.map((host) => [host.name, host])) },
          context,
        );
      case "woke":
        return takeWake(state, observation.key, context);
    }
  },
  afterEach: (state, _before, _observation, context) => withConditions(state, context),
});

/** The longest time between a release and the reading of it, ms; an older one was logged by an earlier run. */
const RELEASE_NOTICED_MS = 10_000;

function takeOrders(state: HostsState, orders: Orders, context: Context): HostsState {
  const { released } = orders;
  const before = state.orders.released;
  const isNew = released !== undefined && released.at.mono - (before?.at.mono ?? Number.NEGATIVE_INFINITY) > 1000;
  if (isNew && context.at.mono - released.at.mono < RELEASE_NOTICED_MS) {
    context.log("warning", `Released: lost hosts that are held now may be reported: ${released.reason}`);
  }
  return pursueAll({ ...state, orders }, context);
}

/** What was found out so far may be untrue by now: all is asked again. */
function withoutAllChecks({ hosts, troubled }: HostsState, context: Context): HostsState["hosts"] {
  let next = hosts;
  for (const name of troubled) {
    const host = hosts.get(name);
    if (host?.loss !== undefined) next = next.set(name, { ...host, loss: withoutChecks(name, host.loss, context) });
  }
  return next;
}

/** Takes in whether Masakari has been notified; the host may have been up again since a fencing that seemed to prove the loss. */
function takeReport(
  state: HostsState,
  { host: name, result, upAgainAt }: Extract<HostMonitorObservation, { kind: "apiChecked" }>,
  context: Context,
): HostsState {
  const host = state.hosts.get(name);
  if (host?.loss?.api === undefined || state.view === undefined) return state;
  const loss = { ...host.loss, api: { ...host.loss.api, result } };
  const next =
    upAgainAt === undefined ? { ...host, loss } : withoutOldFencings({ ...host, loss }, upAgainAt, state.view, context);
  return pursue(withHost(state, next), name, context);
}

function takeResult(
  state: HostsState,
  name: string,
  change: (host: Host, loss: Loss) => Loss,
  context: Context,
): HostsState {
  const host = state.hosts.get(name);
  if (host?.loss === undefined) return state;
  const loss = change(host, host.loss);
  return loss === host.loss ? state : pursue(withHost(state, { ...host, loss }), name, context);
}

/** What was seen before may be untrue by now: nothing is believed until a look that began after it, and one that confirms that. */
function takeStall(
  state: HostsState,
  { forMs, key }: Extract<HostMonitorObservation, { kind: "stalled" }>,
  context: Context,
): HostsState {
  context.log(
    "warning",
    `This program did not run for ${(forMs / 1000).toFixed(1)} s; looking again before anything is reported`,
  );
  context.act({ kind: "look" });
  const view = state.view && { ...state.view, gap: true };
  const next = { ...state, view, believedFrom: context.at.mono, hosts: withoutAllChecks(state, context) };
  return key === undefined ? next : takeWake(next, key, context);
}

function takeWake(state: HostsState, key: string, context: Context): HostsState {
  if (key === "confirm") {
    context.act({ kind: "look" });
    return state;
  }
  if (key === HELD) return pursueAll(state, context);
  const at = key.indexOf(":");
  const [what, name] = [key.slice(0, at), key.slice(at + 1)];
  if (what !== "returned") return pursue(state, name, context);
  const host = state.hosts.get(name);
  return host === undefined ? state : withHost(state, returnedLongAgo(host, context));
}
