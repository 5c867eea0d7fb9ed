import type { GuestEvent } from "../observation.ts";

/** `payload.event` and `payload.vir_domain_event` of a notification. */
export interface VmEvent {
  readonly event: string;
  readonly domainEvent: string;
}

export const FAILED = "STOPPED_FAILED";

const LIFECYCLE: Readonly<Record<string, readonly string[]>> = {
  SUSPENDED: ["IOERROR", "WATCHDOG", "API_ERROR"],
  STOPPED: ["SHUTDOWN", "DESTROYED", "FAILED"],
  SHUTDOWN: ["FINISHED"],
};
const WATCHDOG = ["NONE", "PAUSE", "RESET", "POWEROFF", "SHUTDOWN", "DEBUG"];
const IO_ERROR = ["NONE", "PAUSE", "REPORT"];

/** What upstream's filter (instancemonitor/libvirt_handler/eventfilter_table.py) lets through, and as what. */
export function vmEventOf(event: GuestEvent): VmEvent | undefined {
  switch (event.kind) {
    case "lifecycle":
      return LIFECYCLE[event.event]?.includes(event.detail) ? lifecycle(`${event.event}_${event.detail}`) : undefined;
    case "watchdog":
      return WATCHDOG.includes(event.action)
        ? { event: "WATCHDOG", domainEvent: `WATCHDOG_${event.action}` }
        : undefined;
    case "ioError":
      return IO_ERROR.includes(event.action)
        ? { event: "IO_ERROR", domainEvent: `IO_ERROR_${event.action}` }
        : undefined;
    case "reboot":
      return { event: "REBOOT", domainEvent: "UNKNOWN" };
    case "ioErrorReason":
      return { event: "IO_ERROR_REASON", domainEvent: "UNKNOWN" };
    case "controlError":
      return { event: "CONTROL_ERROR", domainEvent: "UNKNOWN" };
  }
}

export function lifecycle(domainEvent: string): VmEvent {
  return { event: "LIFECYCLE", domainEvent };
}

/** masakari-engine recovers the instance for these two; it files the others as ignored. */
export const ACTED_ON: readonly VmEvent[] = [lifecycle(FAILED), { event: "IO_ERROR", domainEvent: "IO_ERROR_REPORT" }];

export function isActedOn({ event, domainEvent }: VmEvent): boolean {
  return ACTED_ON.some((one) => one.event === event && one.domainEvent === domainEvent);
}

/** That a guest was suspended, for any of the reasons that are notified. */
export const SUSPENDED: readonly VmEvent[] = (LIFECYCLE.SUSPENDED ?? []).map((why) => lifecycle(`SUSPENDED_${why}`));
