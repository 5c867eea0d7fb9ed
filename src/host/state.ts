import { type CommonState, initialCommonState } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import type { SegmentHost } from "../openstack/segment-hosts.ts";
import type { ConditionKind } from "../status/conditions.ts";
import type { Instant } from "../system/clock.ts";
import { NO_SHARED_NAMES, type SharedNames } from "./decide/shared-names.ts";
import type { ClusterObservation, HostObservation } from "./driver.ts";
import type { PowerResult } from "./fencing-device.ts";
import type { HostSettings, HostStatus, Orders } from "./observation.ts";

/** What the source states about a host at the latest look, and since when it has done so without a break. */
export interface Reading
  extends Pick<HostObservation, "state" | "reason" | "departure" | "stopping" | "maintenance" | "standby"> {
  readonly since: Instant;
}

/** Looks in a row that state the same, which differs from what is known of the host. */
export interface Streak {
  readonly state: "online" | "offline";
  /** The positions that made the state, as text. */
  readonly positions: string;
  readonly samples: number;
  /** When it began, and when the latest sample was counted, mono ms. */
  readonly began: number;
  readonly counted: number;
  /** It began at the first look after a gap. */
  readonly afterGap: boolean;
  /** It did, and one look more must confirm it. */
  readonly unconfirmed: boolean;
}

/** Why a loss is not reported for now. */
export interface Hold {
  readonly gate: string;
  readonly reason: string;
}

export interface Proof {
  readonly by: "fencing" | "power" | "driver";
  /** As a log line continues: `its power is off (BMC 10.0.0.3)`. */
  readonly text: string;
  /** When it was established, mono ms. */
  readonly at: number;
}

/** The checks of a lost host's power so far. */
export interface PowerChecks {
  readonly tries: number;
  readonly isUnderWay: boolean;
  /** When the next one is due, mono ms. */
  readonly due: number;
  /** How many devices the cluster has for it; undefined until it is known. */
  readonly devices: number | undefined;
  readonly result: PowerResult["power"] | undefined;
  readonly last: string | undefined;
}

/** Whether Masakari has a notification of a loss from another monitor: it has been asked; the response has arrived once `result` is there. */
export interface ApiCheck {
  /** It is to have this `host_status`, or NORMAL. */
  readonly status: HostStatus;
  readonly result?: "notified" | "not notified" | "unknown";
}

/** Whether Nova has heard of a lost host: undefined while there is no response. */
export interface WitnessCheck {
  readonly result?: {
    readonly service: "alive" | "silent" | "unknown";
    readonly reason: string;
    /** mono ms */
    readonly at: number;
  };
}

export interface Sent {
  readonly status: HostStatus;
  /** `generated_time`, ms since the epoch. */
  readonly at: number;
  readonly by: "this monitor" | "another monitor";
  /** `[notifications] shadow` was set: it was recorded, and Masakari never receives it. */
  readonly inShadow?: boolean | undefined;
}

/** A host that was up and is down, from the look that established it until the host is up again. */
export interface Loss {
  /** The look at which it was first seen down, ms since the epoch. */
  readonly since: number;
  /** The latest look at which it was not down, ms since the epoch. */
  readonly notBefore: number;
  /** It happened while this monitor did not look: it may have been reported, and recovered from, long ago. */
  readonly afterGap: boolean;
  /** The cluster fenced it and it is up again, all between two looks: ms since the epoch of the fencing. */
  readonly returned?: number;
  readonly sent?: Sent;
  /** What was sent is superseded, because the host was seen online for a moment. */
  readonly withdrawn: boolean;
  readonly proof: Proof | undefined;
  readonly power: PowerChecks;
  readonly witness: WitnessCheck | undefined;
  readonly api: ApiCheck | undefined;
  /** When this monitor reports it by its rank, mono ms; undefined while something else holds it. */
  readonly reportAt: number | undefined;
  readonly holds: readonly Hold[];
  /** Something has held it: another monitor, for which nothing did, may have reported it meanwhile. */
  readonly wasHeld: boolean;
  /** The storm guard has held it: this continues until the cluster has recovered, or an operator releases it. */
  readonly inStorm: boolean;
}

/** One host of the cluster, other than this one. */
export interface Host {
  /** What the driver calls it. */
  readonly name: string;
  readonly kind: HostObservation["kind"];
  /** What Masakari knows, or is owed by the outbox. Undefined: never seen up or down. */
  readonly baseline: "online" | "offline" | undefined;
  /** Its baseline is offline because it was so when it was first seen. */
  readonly firstSight: boolean;
  readonly reading: Reading | undefined;
  readonly streak: Streak | undefined;
  /** Of a host that the latest looks do not show online: the latest believed look before those, ms since the epoch. */
  readonly lastUp: number | undefined;
  readonly incarnation: string | undefined;
  /** Ids of the fencing events about it that were in the history when it was last online; undefined if the history was never read. */
  readonly knownFencing: readonly string[] | undefined;
  /** When it was seen online at the first reading of the history, or after a loss: what ended before that may be absent from the history for now. */
  readonly fencingReadFrom: Instant | undefined;
  readonly loss: Loss | undefined;
  /** When it was lost in the last hour, ms since the epoch. */
  readonly losses: readonly number[];
  /** `generated_time` of the latest STOPPED with NORMAL, ms since the epoch. */
  readonly lastNormal: number | undefined;
}

/** What the latest look states about the cluster as a whole. */
export interface View extends Pick<ClusterObservation, "self" | "quorum" | "heartbeat" | "maintenance" | "fencing"> {
  readonly at: Instant;
  readonly selfKind: Host["kind"];
  /** Since when this host hears from no other host, mono ms. */
  readonly silentSince: number | undefined;
  /** Contact with the source was interrupted, and no look since could be trusted. */
  readonly gap: boolean;
  /** The latest believed look before contact with the source was last interrupted, ms since the epoch. */
  readonly beforeGap: number | undefined;
  /** The first believed look after that, mono ms. */
  readonly contactSince: number;
  /** Every host's state was known once since sensing began. */
  readonly settled: boolean;
  /** How many hosts are watched: those that the source knows. */
  readonly watched: number;
}

/** Names of the watched hosts about which Masakari would do nothing, each in the first list that it belongs to. */
export interface Registration {
  /** In no segment. */
  readonly unlisted: readonly string[];
  readonly onMaintenance: readonly string[];
  /** In a segment that is disabled. */
  readonly disabled: readonly string[];
}

/** A condition that is set, with its text. */
export interface Problem {
  readonly condition: ConditionKind;
  readonly problem: string;
}

export interface HostsState extends CommonState<HostSettings> {
  readonly hosts: SubjectMap<Host>;
  readonly view: View | undefined;
  readonly orders: Orders;
  /** Looks that began before it are not believed: this program was stalled after them. Mono ms. */
  readonly believedFrom: number;
  /** What the wall clock showed when the monotonic one was 0, ms since the epoch, by which `losses` are; undefined before the first look of a boot. */
  readonly clockBase: number | undefined;
  /** Of the latest believed look, ms since the epoch; on disk up to LOOK_KEPT_EVERY_MS old. */
  readonly lastLook: number | undefined;
  /** Names of the hosts that need a closer look: lost, lost in the last hour, down or gone without being reported. */
  readonly troubled: ReadonlySet<string>;
  /** The hosts of all segments, as Masakari calls them; undefined until its first response. */
  readonly segmentHosts: ReadonlyMap<string, Pick<SegmentHost, "isEnabled" | "onMaintenance">> | undefined;
  readonly registration: Registration;
  readonly sharedNames: SharedNames;
  /** The conditions that are set, by name. */
  readonly problems: ReadonlyMap<string, Problem>;
}

export const initialState: HostsState = {
  ...initialCommonState,
  hosts: new SubjectMap(),
  view: undefined,
  orders: {},
  believedFrom: 0,
  clockBase: undefined,
  lastLook: undefined,
  troubled: new Set(),
  segmentHosts: undefined,
  registration: { unlisted: [], onMaintenance: [], disabled: [] },
  sharedNames: NO_SHARED_NAMES,
  problems: new Map(),
};

export function newHost(name: string, kind: Host["kind"]): Host {
  return {
    name,
    kind,
    baseline: undefined,
    firstSight: false,
    reading: undefined,
    streak: undefined,
    lastUp: undefined,
    incarnation: undefined,
    knownFencing: undefined,
    fencingReadFrom: undefined,
    loss: undefined,
    losses: [],
    lastNormal: undefined,
  };
}

export const NO_POWER_CHECKS: PowerChecks = {
  tries: 0,
  isUnderWay: false,
  due: 0,
  devices: undefined,
  result: undefined,
  last: undefined,
};

export function newLoss(times: Pick<Loss, "since" | "notBefore" | "afterGap">): Loss {
  return {
    ...times,
    withdrawn: false,
    proof: undefined,
    power: NO_POWER_CHECKS,
    witness: undefined,
    api: undefined,
    reportAt: undefined,
    holds: [],
    wasHeld: false,
    inStorm: false,
  };
}

/** The state with this host in place of what it was. */
export function withHost(state: HostsState, host: Host): HostsState {
  const hosts = state.hosts.set(host.name, host);
  if (hosts === state.hosts) return state;
  const isIn = state.troubled.has(host.name);
  if (isIn === isTroubled(host)) return { ...state, hosts };
  const troubled = new Set(state.troubled);
  if (isIn) troubled.delete(host.name);
  else troubled.add(host.name);
  return { ...state, hosts, troubled };
}

/** The state without this host. */
export function withoutHost(state: HostsState, name: string): HostsState {
  const troubled = new Set(state.troubled);
  troubled.delete(name);
  return { ...state, hosts: state.hosts.delete(name), troubled };
}

export function isTroubled(host: Host): boolean {
  const { loss, losses, firstSight, baseline, reading } = host;
  const isDownUnreported = firstSight && baseline === "offline";
  return (
    loss !== undefined || losses.length > 0 || isDownUnreported || reading?.state === "absent" || isSuspected(host)
  );
}

/** Whether looks show it down, but not yet for long enough for a loss. */
export function isSuspected({ baseline, loss, streak }: Host): boolean {
  return baseline === "online" && loss === undefined && streak?.state === "offline";
}

/** Whether Masakari knows of it all that it needs for acting: nothing more is owed. */
export function isSettled({ sent, withdrawn }: Loss): boolean {
  return sent?.status === "NORMAL" && !withdrawn;
}
