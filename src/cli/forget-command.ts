import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { lockFile, lockHolder, lockState, StateInUseError, type StateLock } from "../notify/state-lock.ts";
import { healthSocket } from "../status/socket-path.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { messageOf } from "../system/message-of.ts";
import { countOf } from "../system/plural.ts";
import { namesIn } from "./directory-names.ts";
import { monitorsNamed } from "./monitor-names.ts";

export interface ForgetCommandParts {
  /** `[DEFAULT] state_path`, read from the configuration when the command runs. */
  readonly statePath: () => string;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
}

/** The command cannot be carried out; the message is for the operator. */
export class ForgetCommandError extends Error {
  readonly code = "FORGET_COMMAND";
  override readonly name = "ForgetCommandError";
}

const DATABASE = ".sqlite";
/** What a monitor leaves in its state directory, after its name; the lock is held meanwhile, and goes last. */
const LEFT = /^\.(?:sqlite(?:-wal|-shm|\.unusable-.*)?|sock|recording|disarm\.json|release\.json|pause-.*\.json)$/;
const TIMEOUT_MS = 2000;

const HELP = `
Of a monitor that this host no longer uses, status, armed, list and the page show that it is not running until this command has removed what it left in
[DEFAULT] state_path: its database, its recording, and the orders it was given. It is refused while the monitor runs, and while
notifications wait in its outbox. Stop and disable its service first.

  systemctl disable --now masakari-process-monitor
  masakari-monitors forget processmonitor`;

/** Adds `forget`. The action rejects with ForgetCommandError. @returns the command, for further options */
export function registerForgetCommand(program: Command, parts: ForgetCommandParts): Command {
  return program
    .command("forget")
    .description("remove what a monitor has left that this host no longer uses")
    .argument("<MONITOR>", "e.g. processmonitor")
    .addHelpText("after", HELP)
    .action(async (named: string) => {
      const statePath = parts.statePath();
      const places = [statePath, ...parts.otherPlaces(statePath)];
      // Only the known ones: beside their state there may be files of others that are named alike.
      const [monitor = ""] = monitorsNamed([named]);
      const left = (await Promise.all(places.map(async (place) => await leftIn(place, monitor)))).flat();
      if (left.length === 0) throw new ForgetCommandError(`${monitor} has left nothing in ${places.join(", ")}`);
      await refuseIfRunning(places, monitor);
      const locks: StateLock[] = [];
      try {
        // From here on it cannot be started.
        for (const place of new Set(left.map(({ place }) => place))) locks.push(locked(place, monitor));
        for (const { path } of left) if (path.endsWith(DATABASE)) await refuseIfWaiting(monitor, path);
        for (const { path } of left) removed(path);
        for (const { place } of left) removed(lockFile(place, monitor));
      } finally {
        for (const lock of locks) lock.release();
      }
      parts.out.write(left.map(({ path }) => `removed ${path}\n`).join(""));
    });
}

async function leftIn(place: string, monitor: string) {
  const names = await namesIn(place);
  const own = names.filter((name) => name.startsWith(monitor) && LEFT.test(name.slice(monitor.length)));
  return own.sort().map((name) => ({ place, path: join(place, name) }));
}

async function refuseIfRunning(places: readonly string[], monitor: string): Promise<void> {
  const { requestHealth } = await import("../status/client.ts");
  for (const place of places) {
    const pid = lockHolder(place, monitor);
    const { kind } = await requestHealth(healthSocket(place, monitor), TIMEOUT_MS);
    if (kind === "not running" && pid === undefined) continue;
    throw running(monitor, pid);
  }
}

const running = (monitor: string, pid: number | undefined): Error =>
  new ForgetCommandError(
    `${monitor} is running${pid === undefined ? "" : ` (pid ${pid})`}: stop and disable its service first`,
  );

function locked(place: string, monitor: string): StateLock {
  try {
    const lock = lockState(place, monitor);
    if (lock.problem === undefined) return lock;
    lock.release();
    throw new ForgetCommandError(`${lock.problem}; or run this as root`);
  } catch (error) {
    if (error instanceof StateInUseError) throw running(monitor, undefined);
    throw error;
  }
}

/** From a thread of its own, which may have to be left behind on a disk that hangs. */
async function refuseIfWaiting(monitor: string, database: string): Promise<void> {
  const [{ diskThread }, { stateFilesOn }, { rescueAfter }] = await Promise.all([
    import("./disk.ts"),
    import("../notify/state-operations.ts"),
    import("../notify/database-recovery.ts"),
  ]);
  const files = stateFilesOn(diskThread());
  const waiting = () => {
    try {
      const file = files.visit(database);
      try {
        return file.load().entries.length;
      } finally {
        file.close();
      }
    } catch (error) {
      if (error instanceof DiskHungError) throw error;
      return rescueAfter(error, database, files.rescue).entries.length;
    }
  };
  const count = waiting();
  if (count === 0) return;
  throw new ForgetCommandError(
    `${countOf(count, "notification")} of ${monitor} ${count === 1 ? "has" : "have"} not reached Masakari: look at them with ` +
      `\`masakari-monitors outbox\`; start the monitor to have them sent, or \`masakari-monitors outbox drop --all --program ${monitor} --reason TEXT\``,
  );
}

/** @throws ForgetCommandError, also for the first of several: a second attempt removes the rest */
function removed(path: string): void {
  try {
    // Of a symbolic link the link; of the recording the directory.
    rmSync(path, { force: true, recursive: lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true });
  } catch (error) {
    throw new ForgetCommandError(`${path} cannot be removed: ${messageOf(error)}; run this as root`);
  }
}
