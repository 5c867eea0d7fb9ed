/**
 * libvirt's numbers in words, as its headers name them without their prefix (include/libvirt/libvirt-domain.h). A number
 * that is newer than this table is shown as itself.
 */
function nameOf(names: readonly string[], number: number): string {
  return names[number] ?? String(number);
}

const lifecycle: readonly { readonly name: string; readonly details: readonly string[] }[] = [
  { name: "DEFINED", details: ["ADDED", "UPDATED", "RENAMED", "FROM_SNAPSHOT"] },
  { name: "UNDEFINED", details: ["REMOVED", "RENAMED"] },
  { name: "STARTED", details: ["BOOTED", "MIGRATED", "RESTORED", "FROM_SNAPSHOT", "WAKEUP"] },
  {
    name: "SUSPENDED",
    details: [
      "PAUSED",
      "MIGRATED",
      "IOERROR",
      "WATCHDOG",
      "RESTORED",
      "FROM_SNAPSHOT",
      "API_ERROR",
      "POSTCOPY",
      "POSTCOPY_FAILED",
    ],
  },
  { name: "RESUMED", details: ["UNPAUSED", "MIGRATED", "FROM_SNAPSHOT", "POSTCOPY", "POSTCOPY_FAILED"] },
  { name: "STOPPED", details: ["SHUTDOWN", "DESTROYED", "CRASHED", "MIGRATED", "SAVED", "FAILED", "FROM_SNAPSHOT"] },
  { name: "SHUTDOWN", details: ["FINISHED", "GUEST", "HOST"] },
  { name: "PMSUSPENDED", details: ["MEMORY", "DISK"] },
  { name: "CRASHED", details: ["PANICKED", "CRASHLOADED"] },
];

/** E.g. 5, 5 → `STOPPED`, `FAILED`. */
export function lifecycleNames(event: number, detail: number): { readonly event: string; readonly detail: string } {
  const entry = lifecycle[event];
  return { event: entry?.name ?? String(event), detail: nameOf(entry?.details ?? [], detail) };
}

const watchdogActions = ["NONE", "PAUSE", "RESET", "POWEROFF", "SHUTDOWN", "DEBUG", "INJECTNMI"];

export function watchdogActionName(action: number): string {
  return nameOf(watchdogActions, action);
}

const ioErrorActions = ["NONE", "PAUSE", "REPORT"];

export function ioErrorActionName(action: number): string {
  return nameOf(ioErrorActions, action);
}

const states: readonly { readonly name: string; readonly reasons: readonly string[] }[] = [
  { name: "NOSTATE", reasons: ["UNKNOWN"] },
  {
    name: "RUNNING",
    reasons: [
      "UNKNOWN",
      "BOOTED",
      "MIGRATED",
      "RESTORED",
      "FROM_SNAPSHOT",
      "UNPAUSED",
      "MIGRATION_CANCELED",
      "SAVE_CANCELED",
      "WAKEUP",
      "CRASHED",
      "POSTCOPY",
      "POSTCOPY_FAILED",
    ],
  },
  { name: "BLOCKED", reasons: ["UNKNOWN"] },
  {
    name: "PAUSED",
    reasons: [
      "UNKNOWN",
      "USER",
      "MIGRATION",
      "SAVE",
      "DUMP",
      "IOERROR",
      "WATCHDOG",
      "FROM_SNAPSHOT",
      "SHUTTING_DOWN",
      "SNAPSHOT",
      "CRASHED",
      "STARTING_UP",
      "POSTCOPY",
      "POSTCOPY_FAILED",
      "API_ERROR",
    ],
  },
  { name: "SHUTDOWN", reasons: ["UNKNOWN", "USER"] },
  {
    name: "SHUTOFF",
    reasons: ["UNKNOWN", "SHUTDOWN", "DESTROYED", "CRASHED", "MIGRATED", "SAVED", "FAILED", "FROM_SNAPSHOT", "DAEMON"],
  },
  { name: "CRASHED", reasons: ["UNKNOWN", "PANICKED"] },
  { name: "PMSUSPENDED", reasons: ["UNKNOWN"] },
];

const jobTypes = ["NONE", "BOUNDED", "UNBOUNDED", "COMPLETED", "FAILED", "CANCELLED"];

/** virDomainJobType. */
export function jobTypeName(type: number): string {
  return nameOf(jobTypes, type);
}

const agentStates = ["NONE", "CONNECTED", "DISCONNECTED"];

/** virConnectDomainEventAgentLifecycleState. */
export function agentStateName(state: number): string {
  return nameOf(agentStates, state);
}

/** E.g. 5, 3 → `SHUTOFF`, `CRASHED`: a QEMU that died, whose event was STOPPED/FAILED. */
export function stateNames(state: number, reason: number): { readonly state: string; readonly reason: string } {
  const entry = states[state];
  return { state: entry?.name ?? String(state), reason: nameOf(entry?.reasons ?? [], reason) };
}
