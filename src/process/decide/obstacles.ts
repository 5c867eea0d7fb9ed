import type { SystemdStatus, UnitState } from "../observation.ts";
import type { Due, EntryState } from "../state.ts";
import { unitOf } from "../unit-name.ts";
import type { Context } from "./context.ts";
import { pauseOf } from "./pause.ts";

/** Why an entry that is down is not acted on for now. */
export interface Obstacle {
  /** For the log and `status`. */
  readonly reason: string;
  /** When to look again whether it still does, ms from now. */
  readonly againMs: number;
  /** When it is gone the process may be about to appear: it has its time to settle then. */
  readonly settleAfter: boolean;
  /** When it is gone, rounds that failed before it are followed by one more: what they lacked may be there then. */
  readonly repeatRound: boolean;
}

/** `ActiveState` of a unit that is on its way down or up again. */
const AT_WORK = new Set(["activating", "reloading", "deactivating", "refreshing"]);
const BOOTING = new Set(["initializing", "starting"]);
/** A unit that systemd works on without end must not hide a death: ten minutes, or what its own time-outs allow if that is more. */
const AT_WORK_LIMIT_MS = 600_000;
/** A boot is over by then even where one of its jobs never ends, so that a failure is not hidden for ever. */
const BOOT_LIMIT_MS = 1_800_000;
/** A main process that systemd has just started may be a wrapper: as long as systemd itself gives a service to start. */
const MAIN_APPEARS_MS = 90_000;
/** The same after a restart of ours, whose result has been looked for already. */
const MAIN_APPEARS_AGAIN_MS = 20_000;
/** A main process started so long before the death was seen belongs to the restart after it: a busy host sees it late. */
const SEEN_LATE_MS = 5000;
const SOON_MS = 1000;
const LATER_MS = 5000;
const SOON = { againMs: SOON_MS, repeatRound: false };
const STOPPED_AGAIN_MS = 30_000;
/** systemd cannot be reached for a moment while it reexecutes itself, and at the end of a shutdown. */
const PATIENCE_MS = 10_000;

/** An obstacle to the next step that does not depend on systemd's status. */
export function ownObstacle(entry: EntryState, due: Due, context: Context): Obstacle | undefined {
  const pause = pauseOf(entry, context);
  if (pause) {
    const reason = `paused until ${new Date(pause.untilWall).toISOString()} (${pause.reason})`;
    return { reason, againMs: pause.until - context.at.mono, settleAfter: true, repeatRound: true };
  }
  const left = graceLeftMs(entry, context);
  if (due.next.kind !== "give up" || left <= 0) return undefined;
  const end = new Date(context.at.wall + left).toISOString();
  const reason = `not seen running since the boot, so Masakari is not notified before ${end} ([process] boot_grace)`;
  return { reason, againMs: left, settleAfter: false, repeatRound: true };
}

/** An obstacle by systemd's status; without one, that systemd has responded before and is given time to. */
export function systemdObstacle(
  entry: EntryState,
  due: Due,
  status: SystemdStatus | undefined,
  context: Context,
): Obstacle | undefined {
  const { mono } = context.at;
  if (status === undefined) {
    const patient = context.host.systemd.responds && mono - due.dueAt < PATIENCE_MS;
    return patient
      ? { reason: "systemd is not answering", againMs: SOON_MS, settleAfter: false, repeatRound: false }
      : undefined;
  }
  if (status.system === "stopping") {
    return { reason: "the host is being shut down", againMs: LATER_MS, settleAfter: true, repeatRound: true };
  }
  return (
    unitObstacle(entry, due, status.unit, context) ??
    stopObstacle(entry, due, status.unit, context) ??
    packageObstacle(entry, due, status, context) ??
    bootObstacle(entry, due, status, context)
  );
}

/** `systemctl stop`, where the entry has leave_stopped. */
function stopObstacle(
  entry: EntryState,
  due: Due,
  unit: UnitState | undefined,
  context: Context,
): Obstacle | undefined {
  if (!entry.entry.leave_stopped || unit === undefined || !isStopped(unit, entry.upSinceBoot)) return undefined;
  const age = context.at.mono - due.dueAt;
  return {
    reason: `${unitOf(entry.entry, entry.foundUnit)} was stopped through systemd, so it is left stopped (leave_stopped)`,
    // It may go on for days.
    againMs: Math.min(Math.max(age / 4, SOON_MS), STOPPED_AGAIN_MS),
    settleAfter: false,
    repeatRound: true,
  };
}

/**
 * Many packages stop their service before they are unpacked and start it when they are configured. In between it must not run:
 * its files are of two versions.
 */
function packageObstacle(
  entry: EntryState,
  due: Due,
  { unit, packageManager }: SystemdStatus,
  context: Context,
): Obstacle | undefined {
  if (packageManager === undefined || unit === undefined || !isStopped(unit, entry.upSinceBoot)) return undefined;
  // It may wait for somebody's input.
  if (context.at.mono - due.since.mono >= AT_WORK_LIMIT_MS) return undefined;
  const name = unitOf(entry.entry, entry.foundUnit);
  const reason = `${name} was stopped through systemd while ${packageManager} is running, so it is left to the package manager`;
  return { reason, ...SOON, settleAfter: true };
}

/**
 * The unit has ceased to be active before its main process ended: systemd has ended it, and cleanly. A process that ends by
 * itself, or by a signal of somebody else's, ends first. systemd forgets the times of a unit that nothing refers to (no target
 * wants it) as soon as it has stopped; one that failed it keeps.
 */
function isStopped({ active, result, job, activeExited, mainExited }: UnitState, upSinceBoot: boolean): boolean {
  if (active !== "inactive" || result !== "success" || job) return false;
  if (activeExited === 0) return upSinceBoot;
  return mainExited === 0 || activeExited < mainExited;
}

function unitObstacle(
  entry: EntryState,
  due: Due,
  unit: UnitState | undefined,
  context: Context,
): Obstacle | undefined {
  if (unit === undefined) return undefined;
  const name = unitOf(entry.entry, entry.foundUnit);
  const { mono } = context.at;
  if (unit.job || AT_WORK.has(unit.active)) {
    const own = Number.isFinite(unit.timeoutsMs) ? unit.timeoutsMs : 0;
    const limit = entry.upSinceBoot ? Math.max(AT_WORK_LIMIT_MS, own) : BOOT_LIMIT_MS;
    if (mono - due.since.mono >= limit) return undefined;
    const how = unit.job && !AT_WORK.has(unit.active) ? `${unit.active} with a job queued` : unit.active;
    return {
      reason: `systemd reports ${name} as ${how}, so it is left to finish`,
      ...SOON,
      settleAfter: true,
    };
  }
  const age = mono - unit.mainStarted;
  const again = due.next.kind !== "start" && !(due.next.kind === "round" && due.next.round === 1);
  const allowed = again ? MAIN_APPEARS_AGAIN_MS : MAIN_APPEARS_MS;
  const fresh = !entry.upSinceBoot || unit.mainStarted > due.since.mono - SEEN_LATE_MS;
  if (unit.active !== "active" || unit.mainPid === 0 || !fresh || age >= allowed) return undefined;
  const reason =
    `systemd has just started ${name} (main pid ${unit.mainPid}); it is given until ${Math.round(allowed / 1000)} s ` +
    "after its start to become this program";
  return { reason, ...SOON, settleAfter: false };
}

function bootObstacle(
  entry: EntryState,
  due: Due,
  { system, unit }: SystemdStatus,
  context: Context,
): Obstacle | undefined {
  if (entry.upSinceBoot || !BOOTING.has(system)) return undefined;
  // What has a unit of its own and no job is started at once: systemd will not do it.
  const waits =
    due.next.kind === "give up"
      ? context.at.mono - context.host.bootedAt < BOOT_LIMIT_MS
      : unit === undefined && graceLeftMs(entry, context) > 0;
  const reason = `not seen running since the boot, and systemd is still starting the host (${system})`;
  return waits ? { reason, againMs: SOON_MS, settleAfter: true, repeatRound: true } : undefined;
}

function graceLeftMs(entry: EntryState, context: Context): number {
  if (entry.upSinceBoot) return 0;
  return context.settings.boot_grace * 1000 - (context.at.mono - context.host.bootedAt);
}
