import type { SystemdStatus, UnitState } from "../../src/process/observation.ts";

/** What a command does in this world: it ends after `ms` (it hangs if that is over its time-out), and may start the process. */
export interface Behaviour {
  readonly ms: number;
  readonly succeeds: boolean;
  /** ms after the command began; the process appears then, whatever the exit code. */
  readonly appearsAfter?: number;
  /** ms that the process lives; for ever if undefined. */
  readonly livesFor?: number;
}

/** What systemd reports about a unit in this state, on a host that runs. */
export function unitIs(active: string, over: Partial<UnitState> = {}, system = "running"): SystemdStatus {
  const unit: UnitState = {
    active,
    result: "success",
    job: false,
    mainPid: 0,
    mainStarted: 0,
    mainExited: 0,
    activeExited: 0,
    timeoutsMs: 180_000,
    ...over,
  };
  return { system, unit };
}
