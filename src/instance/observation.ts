import type { CommonObservation } from "../monitor/decision.ts";
import type { Instant } from "../system/clock.ts";

/** `[instancemonitor]` and `[DEFAULT] hostname`, as far as decisions need them. */
export interface InstanceSettings {
  readonly hostname: string;
  readonly shadow?: boolean;
  readonly notify_guest_panic: boolean;
  /** Seconds. */
  readonly collapse_window: number;
  readonly qemu_log_directory: string;
}

/** How a guest's last run ended, by QEMU's log. */
export type LoggedEnd =
  | {
      readonly kind: "ended";
      /** virDomainShutoffReason in libvirt's words: `crashed`, `destroyed`, `shutdown`, `migrated` … */
      readonly reason: string;
      /** QEMU was sent a signal to end: before libvirtd found that it ends, or as libvirtd cleared it away. */
      readonly signal: "before" | "after" | undefined;
    }
  | { readonly kind: "unknown"; readonly why: string };

/** An event of a guest, in libvirt's own words (libvirt-domain.h, without prefixes): `STOPPED`, `FAILED`. */
export type GuestEvent =
  | { readonly kind: "lifecycle"; readonly event: string; readonly detail: string }
  | { readonly kind: "watchdog" | "ioError"; readonly action: string }
  | { readonly kind: "reboot" | "ioErrorReason" | "controlError" };

export interface GuestName {
  readonly uuid: string;
  readonly name: string;
  /** Of this run of the guest; -1 while it is off. */
  readonly id: number;
}

/** What libvirt returned about one domain. */
export interface Look extends GuestName {
  readonly transient: boolean;
  /** libvirt's words, e.g. `SHUTOFF` and `CRASHED`; undefined if libvirt did not return it. */
  readonly state: string | undefined;
  readonly reason: string;
  /** The number of the last event that had come when the question was put. */
  readonly after: number;
}

export type InstanceObservation =
  | CommonObservation<InstanceSettings>
  /** Events are registered, and what follows is complete. */
  | { readonly kind: "connected"; readonly at: Instant }
  /** The domains are about to be looked at. */
  | { readonly kind: "looking"; readonly at: Instant }
  | { readonly kind: "lost"; readonly at: Instant; readonly reason: string }
  /** Numbered in the order of their arrival, over all connections of this program. */
  | {
      readonly kind: "event";
      readonly at: Instant;
      readonly number: number;
      readonly guest: GuestName;
      readonly event: GuestEvent;
    }
  /** All domains there are; `after` as in `Look`, when they were listed. `again`: not the first on this connection. */
  | {
      readonly kind: "snapshot";
      readonly at: Instant;
      readonly again: boolean;
      readonly after: number;
      readonly looks: readonly Look[];
    }
  /** The domain's `<on_crash>`: what libvirt does when its kernel panics. */
  | { readonly kind: "onCrash"; readonly at: Instant; readonly uuid: string; readonly action: string }
  /** How a guest that ran has ended, where libvirt does not know for certain. */
  | { readonly kind: "loggedEnd"; readonly at: Instant; readonly uuid: string; readonly end: LoggedEnd };

export type InstanceEffect =
  /** Read the domain's `<on_crash>`, which is observed as `onCrash`. */
  | { readonly kind: "askOnCrash"; readonly uuid: string }
  /** Read how its last run has ended from QEMU's log, which is observed as `loggedEnd`. */
  | { readonly kind: "readEnd"; readonly uuid: string; readonly name: string };
