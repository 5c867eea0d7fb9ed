import type { ArmedState } from "../armed.ts";
import { ARMED_STATES } from "../armed.ts";
import type { HostOverview, MonitorOverview, PeerOverview } from "./overview.ts";

/** `silent`: the host's page does not respond, so nothing is known of it now. */
export type ShownState = ArmedState | "silent";

/** Every state, the worst last. What is not known may be as bad as anything. */
export const SHOWN_STATES: readonly ShownState[] = [...ARMED_STATES, "silent"];

export const WORDS: Readonly<Record<ShownState, string>> = {
  armed: "Armed",
  held: "Held",
  disarmed: "Disarmed",
  blind: "Blind",
  silent: "No contact",
};

/** One host on the page. */
export interface HostRow {
  readonly name: string;
  readonly state: ShownState;
  readonly why: string | undefined;
  /** ISO 8601, as all times here. */
  readonly since: string | undefined;
  /** The oldest of what its monitors observed last. */
  readonly observedAt: string | undefined;
  /** How many hosts its host monitor sees in which state. */
  readonly cluster: readonly string[] | undefined;
  readonly maintenance: boolean | undefined;
  readonly segment: string | undefined;
  readonly proof: MonitorOverview["proof"] | undefined;
  /** The latest that is known of it. */
  readonly host: HostOverview | undefined;
}

/** What the page shows of a host. Pure. */
export function rowOf(peer: PeerOverview): HostRow {
  const host = peer.kind === "host" ? peer.host : peer.last;
  const row = host === undefined ? undefined : rowOfHost(host);
  if (peer.kind === "host" && row !== undefined) return row;
  const silent = peer.kind === "silent" ? peer : undefined;
  return {
    ...(row ?? EMPTY),
    name: row?.name ?? silent?.peer ?? "",
    state: "silent",
    why: silent?.problem,
    since: silent?.since,
    host,
  };
}

const EMPTY: HostRow = {
  name: "",
  state: "silent",
  why: undefined,
  since: undefined,
  observedAt: undefined,
  cluster: undefined,
  maintenance: undefined,
  segment: undefined,
  proof: undefined,
  host: undefined,
};

function rowOfHost(host: HostOverview): HostRow {
  const overviews = overviewsOf(host);
  const worst = worstOf(host);
  const registration = overviews.find((one) => one.registration !== null)?.registration;
  const observed = overviews.flatMap(({ last_observation_at: at }) => at ?? []).sort();
  return {
    name: host.host,
    state: worst?.state ?? "blind",
    why: worst === undefined ? "no monitor has run here" : worst.why,
    since: worst?.since,
    observedAt: observed[0],
    cluster: clusterOf(overviews),
    maintenance: registration?.on_maintenance,
    segment: registration?.segment,
    proof: overviews.find(({ proof }) => proof !== null)?.proof,
    host,
  };
}

export const overviewsOf = ({ monitors }: HostOverview): readonly MonitorOverview[] =>
  monitors.flatMap((one) => (one.kind === "overview" ? [one.overview] : []));

/** The worst of its monitors; of several the one that has been so for longest. */
function worstOf(
  host: HostOverview,
): { readonly state: ArmedState; readonly why?: string; readonly since?: string } | undefined {
  const states = host.monitors.map((one) => {
    if (one.kind === "silent") return { state: "blind" as const, why: `${one.monitor}: ${one.problem}` };
    const { state, reason, since } = one.overview;
    return { state, since, ...(reason !== null && { why: `${one.monitor}: ${reason}` }) };
  });
  const rank = (state: ArmedState): number => ARMED_STATES.indexOf(state);
  return states
    .map((one) => ({ since: "", ...one }))
    .sort((one, other) => rank(other.state) - rank(one.state) || (one.since < other.since ? -1 : 1))
    .map(({ since, ...one }) => ({ ...one, ...(since !== "" && { since }) }))[0];
}

function clusterOf(overviews: readonly MonitorOverview[]): readonly string[] | undefined {
  const hosts = overviews.flatMap(({ counts }) => counts.filter(({ kind }) => kind === "host"));
  if (hosts.length === 0) return undefined;
  return hosts.map(({ state, count }) => `${count} ${state}`);
}
