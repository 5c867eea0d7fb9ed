import type { CommonObservation, CommonSettings } from "../monitor/decision.ts";
import type { SegmentHost } from "../openstack/segment-hosts.ts";
import type { Instant } from "../system/clock.ts";
import type { ClusterObservation } from "./driver.ts";
import type { PowerResult } from "./fencing-device.ts";

/** Options of `[host]` that decisions depend on, and what the driver can do. Times in seconds, as in the configuration. */
export interface HostSettings extends CommonSettings {
  readonly monitoring_interval: number;
  readonly monitoring_samples: number;
  readonly restrict_to_remotes: boolean;
  readonly ipmi_retry_max: number;
  readonly ipmi_retry_interval: number;
  readonly stonith_wait: number;
  /** Part of the watched hosts, 0 to 1: more lost ones than that are a storm. 0: no storm guard. */
  readonly storm_ratio: number;
  readonly storm_minimum: number;
  readonly storm_window: number;
  /** Losses of one host in an hour beyond which it is no longer reported. 0: no limit. */
  readonly losses_per_hour: number;
  /** A host that is down when it is first seen is reported if the cluster proves that it died so recently. 0: never. */
  readonly first_sight_window: number;
  readonly report_at_once: boolean;
  readonly reporter_delay: number;
  readonly second_witness: boolean;
  /** What Masakari calls a host, by what the driver calls it, where the two differ. */
  readonly host_names: Readonly<Record<string, string>>;
  /** The driver finds fencing devices and disable_ipmi_check is off: NORMAL needs proof that the host is off. */
  readonly needsProof: boolean;
  /** Whether STOPPED has `cluster_status`: with the Kubernetes driver, upstream's has none. */
  readonly hasClusterStatus: boolean;
}

/** Planned work and releases, as operators have commanded them with `disarm`, `arm` and `release`. */
export interface Orders {
  /** Nothing is reported until then. */
  readonly disarmed?: { readonly until: Instant; readonly reason: string };
  /** What was held by the storm guard or the limit per hour at this moment may be reported. */
  readonly released?: { readonly at: Instant; readonly reason: string };
}

/** What the host monitor observes. */
export type HostMonitorObservation =
  | CommonObservation<HostSettings>
  | ClusterObservation
  /** What the fencing devices of a lost host reported. `devices`: how many the cluster has for it. */
  | {
      readonly kind: "powerChecked";
      readonly at: Instant;
      readonly host: string;
      readonly result: PowerResult;
      readonly devices: number;
    }
  /** Whether Masakari has a notification of this loss from another monitor. */
  | {
      readonly kind: "apiChecked";
      readonly at: Instant;
      readonly host: string;
      readonly result: "notified" | "not notified" | "unknown";
      /** When the host was up again after an earlier loss, as Masakari was notified: ms since the epoch. */
      readonly upAgainAt?: number;
      readonly reason?: string;
    }
  /** Whether Nova has heard of the lost host's nova-compute since it was lost. */
  | {
      readonly kind: "witnessChecked";
      readonly at: Instant;
      readonly host: string;
      readonly service: "alive" | "silent" | "unknown";
      readonly reason: string;
    }
  /** The hosts of Masakari's segments. */
  | { readonly kind: "segments"; readonly at: Instant; readonly hosts: readonly SegmentHost[] }
  /** This program did not run for so long: stopped, starved, or the machine slept. What it knew may be untrue by now. */
  | {
      readonly kind: "stalled";
      readonly at: Instant;
      readonly forMs: number;
      /** The wake that was due meanwhile, and showed it. */
      readonly key?: string;
    }
  | { readonly kind: "orders"; readonly at: Instant; readonly orders: Orders };

export type HostEffect =
  | { readonly kind: "look" }
  | { readonly kind: "checkPower"; readonly host: string; readonly cancelKey: string }
  | {
      readonly kind: "checkApi";
      readonly host: string;
      /** As Masakari calls it. */
      readonly hostname: string;
      /** Only notifications generated since then count, ms since the epoch. */
      readonly since: number;
      /** As in `ReportedLoss`. */
      readonly lostAt: number;
      readonly status: HostStatus;
      readonly cancelKey: string;
    }
  | {
      readonly kind: "checkWitness";
      readonly host: string;
      readonly hostname: string;
      /** ms since the epoch. */
      readonly since: number;
      readonly cancelKey: string;
    };

/** `host_status` of a notification: masakari-engine acts on NORMAL and ignores UNKNOWN. */
export type HostStatus = "NORMAL" | "UNKNOWN";
