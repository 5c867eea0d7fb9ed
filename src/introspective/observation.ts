import type { CommonObservation } from "../monitor/decision.ts";
import type { Instant } from "../system/clock.ts";

/** `[introspectiveinstancemonitor]` and `[DEFAULT] hostname`, as far as decisions need them. All times in seconds. */
export interface IntrospectiveSettings {
  readonly hostname: string;
  readonly shadow?: boolean;
  readonly guest_monitoring_interval: number;
  readonly guest_monitoring_timeout: number;
  readonly guest_monitoring_failure_threshold: number;
  readonly compat: boolean;
  /** `failure` or `ignore`. */
  readonly agent_disconnected: string;
  readonly leave_alone_restarting: boolean;
  readonly leave_alone_migrating: boolean;
  readonly minimum_uptime: number;
  readonly check_io: boolean;
  readonly max_reports: number;
  readonly report_window: number;
  readonly max_agent_commands: number;
  readonly max_suspect_commands: number;
  readonly suspect_response_timeout: number;
  /** 0: no limit. */
  readonly agent_occupied_limit: number;
}

/** The guest agent's channel: `none` if the guest has no channel that the pattern matches. */
export type Agent = "none" | "connected" | "disconnected";

/** A guest as libvirt shows it: its state and, from its XML, its channel. */
export interface GuestSeen {
  readonly uuid: string;
  readonly name: string;
  /** libvirt's number of this run of the guest: another number is another start. */
  readonly id: number;
  readonly running: boolean;
  readonly agent: Agent;
  /** The path of a channel that the pattern does not match, if there is none that it does. */
  readonly unmatched?: string | undefined;
  /** Why its state or XML could not be read; `agent` means nothing then. */
  readonly fault?: string | undefined;
}

/**
 * The outcome of a ping. `responded`: with an error too. `unresponsive`: the agent had its time and sent nothing. `occupied`: it was
 * not pinged, since another client's command has been with it for 30 s. `disconnected`: nobody holds the channel open in the
 * guest; known at once. `noChannel`, `gone` (not running, or no such guest), `denied` and `unknown` (libvirt itself did not answer)
 * mean nothing about its health.
 */
export type PingOutcome =
  | "responded"
  | "unresponsive"
  | "occupied"
  | "disconnected"
  | "noChannel"
  | "gone"
  | "denied"
  | "unknown";

/**
 * The outcome of setting libvirt's response time-out of a guest's agent. `gone`: there is no such domain. `refused`: libvirt
 * reports that it did not do it. `unknown`: it did not answer, and may have done it.
 */
export type SettingOutcome = "done" | "gone" | "refused" | "unknown";

/** What libvirt's lifecycle events mean for a guest. `paused` stands for every way not to run without having ended. */
export type GuestChange = "started" | "paused" | "resumed" | "shuttingDown" | "stopped" | "rebooted";

/** libvirt's counts of what the guest itself did to its disks and sent to the network, by their names. */
export type Activity = Readonly<Record<string, string>>;

/** What is looked up about a guest that does not answer; undefined is "could not be found out". */
export interface Findings {
  readonly running: boolean | undefined;
  /** A migration, a save or the like is under way. */
  readonly job: boolean | undefined;
  readonly activity: Activity | undefined;
}

/** Every observation carries when it was made: `mono` for durations, `wall` for what leaves the host. */
export type IntrospectiveObservation =
  | CommonObservation<IntrospectiveSettings>
  /** Connected to libvirt, or looked at everything again: all guests that are active. */
  | { readonly kind: "surveyed"; readonly at: Instant; readonly guests: readonly GuestSeen[] }
  | { readonly kind: "lost"; readonly at: Instant }
  | { readonly kind: "looked"; readonly at: Instant; readonly guest: GuestSeen }
  | {
      readonly kind: "guestChanged";
      readonly at: Instant;
      readonly uuid: string;
      readonly name: string;
      readonly what: GuestChange;
    }
  | {
      readonly kind: "agentChanged";
      readonly at: Instant;
      readonly uuid: string;
      readonly name: string;
      readonly connected: boolean;
    }
  | {
      readonly kind: "pinged";
      readonly at: Instant;
      readonly uuid: string;
      readonly outcome: PingOutcome;
      /** libvirt's message, for the log. */
      readonly detail: string;
    }
  | {
      readonly kind: "examined";
      readonly at: Instant;
      readonly uuid: string;
      readonly findings: Findings;
    }
  | {
      readonly kind: "responseTimeoutSet";
      readonly at: Instant;
      readonly uuid: string;
      readonly outcome: SettingOutcome;
      /** libvirt's message, for the log. */
      readonly detail: string;
    };

/** All that is under way over the connection to libvirt is cancelled when that is lost. */
export const CONNECTION = "connection";

/** What the introspective monitor does beside the effects common to all monitors. */
export type IntrospectiveEffect = LibvirtCall & { readonly cancelKey: typeof CONNECTION };

/** What is done over the connection to libvirt. */
export type LibvirtCall =
  /** Read the guest's state and XML. */
  | { readonly kind: "look"; readonly uuid: string }
  | { readonly kind: "ping"; readonly uuid: string; readonly timeout: number }
  /** How long libvirt itself waits for this guest's agent; seconds, or undefined for libvirt's own time again. */
  | {
      readonly kind: "setResponseTimeout";
      readonly uuid: string;
      readonly seconds: number | undefined;
    }
  /** Look up whether a guest works although its agent does not answer. Only what is requested is looked up. */
  | {
      readonly kind: "examine";
      readonly uuid: string;
      readonly job: boolean;
      readonly activity: boolean;
    };
