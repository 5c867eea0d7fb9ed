import type { Config } from "../config/sections.ts";
import type { ConditionKind } from "../status/conditions.ts";
import type { Clock, Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { FencingLookup } from "./fencing-device.ts";

/**
 * Where the host monitor learns which hosts are up: Pacemaker, Consul, Kubernetes, or a module of an operator's own. A driver
 * only senses. Baselines, samples, gates, proof of death and notifications are `host/decide`'s.
 *
 * The one rule: what the source does not state is "unknown", never "offline". Output that is not understood, a call that timed
 * out, a right that is missing, a view without a leader are "unknown" with a problem that gives the reason.
 */
export interface HostDriver {
  /** As the log names it: `Pacemaker`. */
  readonly name: string;
  /**
   * Observes the whole cluster until the signal aborts, and resolves then: once at start, then every
   * `[host] monitoring_interval` counted from the end of the look before, at once after `lookNow`, and at once when the source
   * reports a change. Each look is one observation, also one that learned nothing. Every call to the source has a time limit.
   * A throw is a fault of the driver's own: the supervisor logs it and restarts `sense` with back-off.
   */
  sense(observe: (observation: ClusterObservation) => void, signal: AbortSignal): Promise<void>;
  /** Asks for a look at once. Cheap: requests during a look add one look after it. Does nothing while `sense` does not run. */
  lookNow(): void;
  /**
   * How the power of a host can be checked beside the cluster: its fencing devices as the cluster has them configured. Absent
   * where the source has none. Never throws: what prevents the lookup is `problem`.
   */
  findFencingDevices?(host: string, signal: AbortSignal): Promise<FencingLookup>;
  /** For check-config, without `sense`: what this driver could not do here now (rights, programs, options). Never throws. */
  checkRights?(signal: AbortSignal): Promise<readonly DriverProblem[]>;
}

/** What a driver gets. Its constructor does no work. */
export interface DriverParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** `[DEFAULT] hostname`: what Masakari calls this host. */
  readonly hostname: string;
  /** As it is now: SIGHUP may change it while sensing runs. A driver of an operator's own reads its options elsewhere. */
  readonly config: () => DriverConfig;
  /** Called with the pid of each process that the driver starts, and again when it has ended. */
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onEnd?: ((pid: number) => void) | undefined;
}

export type DriverConfig = Pick<Config, "DEFAULT" | "host" | "consul" | "kubernetes">;

/** What a driver's module exports. */
export interface DriverModule {
  createDriver(parts: DriverParts): HostDriver;
}

/** "unknown": the source does not state it. */
export type YesNoUnknown = "yes" | "no" | "unknown";

/** One look at the whole cluster. Plain data: it can be written to JSON, kept and replayed. */
export interface ClusterObservation {
  readonly kind: "cluster";
  /** When the look began: nothing in it is older, unless the source itself answers with old data. */
  readonly at: Instant;
  readonly self: SelfObservation;
  /** Whether this side of the cluster may decide for all: Pacemaker's quorum, Consul's leader, an API server that answers. */
  readonly quorum: YesNoUnknown;
  /** Whether this host itself has contact with others now, from a source other than the list of hosts where there is one. */
  readonly heartbeat: "heard" | "silent" | "unknown";
  /**
   * Contact with the source was lost since the observation before (its daemon or ours restarted, hung or was unreachable), or
   * this is the first: what was counted before it means nothing, counting starts again.
   */
  readonly interrupted: boolean;
  /** Whether `hosts` names every host that the source knows. If not, nothing follows from a host that is not in it. */
  readonly complete: boolean;
  readonly hosts: readonly HostObservation[];
  readonly maintenance: {
    /** The whole cluster is in maintenance: nothing is recovered by it, and nothing fenced. */
    readonly cluster: YesNoUnknown;
  };
  /** The fencing history, newest first, bounded per host; undefined where the source has none or it could not be read. */
  readonly fencing: readonly FencingEvent[] | undefined;
  /** Everything that is not well now; a problem of the observation before that is not in it is over. */
  readonly problems: readonly DriverProblem[];
}

/** This host as the source sees it. */
export interface SelfObservation {
  /** What the source calls this host; undefined while it does not answer. */
  readonly name: string | undefined;
  /** Whether this host's own part of the source works and is settled: only then may a change be believed. */
  readonly stable: YesNoUnknown;
  /** Why it is not stable, or not known to be. */
  readonly reason?: string;
}

export type HostState = "online" | "offline" | "unstable" | "absent" | "unknown";

/** One host as the source has it at this look. */
export interface HostObservation {
  /** What the source calls it. */
  readonly name: string;
  /** `server`: runs only the source's own servers (Consul's are in its member list), so it is no compute host by itself. */
  readonly kind: "member" | "remote" | "node" | "server";
  /**
   * What the source states at this one look; samples over looks are `decide`'s. `unstable`: neither up nor down (joining, leaving,
   * or positions whose combination the matrix does not map). `absent`: the source states that it does not know the host any more (deleted,
   * pruned): that is no death. A host missing from a complete list is `absent` too.
   */
  readonly state: HostState;
  /** One phrase for the log and `status`: what the source reports, in its own words. */
  readonly reason?: string;
  /**
   * How an offline host left. `crash`: the source still expected it to be up. `expected`: the source does not expect it
   * to be up: it was stopped on purpose, or has been fenced, which a success in `fencing` since it was last online distinguishes.
   */
  readonly departure?: "crash" | "expected" | "unknown";
  /** An online host that is leaving on purpose right now. */
  readonly stopping?: boolean;
  readonly maintenance?: YesNoUnknown;
  /** It takes no new guests or resources, which is no reason to expect that it stops. */
  readonly standby?: YesNoUnknown;
  /**
   * Changes whenever the host has left and joined again. Different from that of an earlier look, both known: it was away in
   * between. Of no meaning across an `interrupted` observation.
   */
  readonly incarnation?: string;
  /**
   * Where the source knows a host by several (Consul: manage, tenant, storage, in `sequence` order): each, and `state` is what the
   * matrix makes of this look. A state is held for N looks only if the positions were the same in all of them.
   */
  readonly positions?: readonly Position[];
}

export interface Position {
  readonly name: string;
  readonly state: "up" | "down" | "left" | "unknown";
}

/** One entry of the fencing history. A success (`off` or `reboot`) since a host was lost is proof that it went down. */
export interface FencingEvent {
  /**
   * The same for the same event at every look and on every host. Events that were known when a host was last online are
   * of an earlier failure; that needs no comparison of clocks.
   */
  readonly id: string;
  readonly target: string;
  /** `on` (unfencing) never means that a host is down. */
  readonly action: "off" | "reboot" | "on" | "other";
  readonly status: "pending" | "success" | "failed" | "unknown";
  /** ms since the epoch by the cluster's clock; absent while pending. Whole seconds before Pacemaker 3.0.3. */
  readonly completedAt?: number;
  /** The host that did it. */
  readonly delegate?: string;
  /** An operator confirmed it by hand (`stonith_admin --confirm`): a promise, not a power state. Ask a known BMC. */
  readonly byHand: boolean;
  /** The cluster itself, or a person (`stonith_admin`), who may have fenced a healthy host. */
  readonly requestedBy: "cluster" | "person" | "unknown";
}

/** A condition: what is wrong and what it costs. One name has one consequence. */
export interface DriverProblem extends ConditionKind {
  /** What is wrong, for an operator, with what to do about it. */
  readonly problem: string;
}
