import { homedir } from "node:os";
import { Command } from "commander";
import { countUnknownNames, type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { forPrograms } from "../config/readers.ts";
import { lockStateOn } from "../notify/lock-operations.ts";
import { type ConditionKind, Conditions } from "../status/conditions.ts";
import { HealthSocket } from "../status/health-socket.ts";
import { LoopDelay } from "../status/loop-delay.ts";
import { takeServiceManager } from "../status/service-manager.ts";
import { healthSocket } from "../status/socket-path.ts";
import { runWatchdog } from "../status/watchdog.ts";
import { DiskHungError, directDiskCalls } from "../system/disk/calls.ts";
import { exitNow } from "../system/exit.ts";
import type { Logger } from "../system/log.ts";
import { type OpenLog, openLog } from "../system/logging/open-log.ts";
import { messageOf } from "../system/message-of.ts";
import { systemClock } from "../system/system-clock.ts";
import { type AssembledMonitor, assemble } from "./assemble.ts";
import { checkPrograms } from "./check-programs.ts";
import { checkRegistration } from "./check-registration.ts";
import { addConfigOptions, configOptions } from "./config-options.ts";
import { endOnDefect, logWarnings } from "./defects.ts";
import { type Disk, diskOperations, diskProbe, diskThread, openingLogFile } from "./disk.ts";
import { takeEarlyDiskWorker } from "./early-disk-worker.ts";
import { withFixed } from "./fixed-at-start.ts";
import { exportMetrics } from "./metrics.ts";
import { serveMonitor } from "./monitor-routes.ts";
import { pageOf } from "./page.ts";
import { printDiagnostics } from "./print-diagnostics.ts";
import type { Program } from "./program.ts";
import { HeldLock, keepState } from "./state-keeper.ts";
import { placeInMemory, type StatePlace, stateEnvironment } from "./state-place.ts";
import { packageVersion } from "./version.ts";

const STATE_DIRECTORY: ConditionKind = {
  name: "state directory",
  consequence: "state is not kept in the configured directory",
};
const CONFIGURATION: ConditionKind = {
  name: "configuration",
  consequence: "the new configuration is refused, the old one is in force",
};

/** What is run in one process: a single monitor under its own name, or several under `masakari-monitors`. */
export interface ProgramGroup {
  readonly command: string;
  readonly programs: readonly Program[];
}

function logDiagnostics(log: Logger, diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) log[one.severity](describeDiagnostic(one));
}

/** Reads the configuration that the command line, the environment and the files make, and checks it whole. */
async function load({ command, programs }: ProgramGroup, parsed: Record<string, unknown>): Promise<Loaded> {
  const loaded = loadConfig({ program: command, env: process.env, homeDir: homedir(), ...configOptions(parsed) });
  const names = programs.map(({ name }) => name);
  return { ...loaded, diagnostics: forPrograms(await checkPrograms(loaded, names), names) };
}

function stopOn(signals: readonly NodeJS.Signals[], log: Logger): AbortSignal {
  const controller = new AbortController();
  for (const name of signals) {
    process.on(name, () => {
      if (!controller.signal.aborted) log.info(`${name}: stopping`);
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return controller.signal;
}

/**
 * Runs one monitor program by its command line, until SIGTERM or SIGINT.
 * @returns the exit status: 0 when stopped, 1 when the configuration cannot be used; a wrong command line ends the process with 2
 */
export async function runProgram(program: Program, argv: readonly string[]): Promise<number> {
  const command = addConfigOptions(new Command(program.command))
    .description(program.description)
    .version(packageVersion())
    // The status of a wrong command line is argparse's, as Python's monitors have it.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse(argv);
  return await runPrograms({ command: program.command, programs: [program] }, command.opts());
}

/**
 * Runs the monitors in this process until SIGTERM or SIGINT. They share the log and nothing else.
 * @param parsed what the command line has of `addConfigOptions`
 * @returns as `runProgram`
 */
export async function runPrograms(group: ProgramGroup, parsed: Record<string, unknown>): Promise<number> {
  const first = await load(group, parsed);
  if (hasError(first.diagnostics)) {
    printDiagnostics(first.diagnostics);
    return 1;
  }
  const thread = first.config.DEFAULT.disk_thread ? diskThread() : undefined;
  // By option there is none.
  void takeEarlyDiskWorker()?.worker.terminate();
  const disk = thread ?? directDiskCalls(diskOperations);
  const place = placeFor(group, first.config.DEFAULT.state_path, disk);
  if (place === undefined) return 1;
  const { locks } = place;
  process.title = group.command;
  const opened = openLog(group.command, first.config.DEFAULT, openingLogFile(disk, place.path));
  const log = opened.log.named(`masakarimonitors.${group.programs.map(({ name }) => name).join("+")}`);
  endOnDefect(opened);
  logWarnings(log);
  const signal = stopOn(["SIGTERM", "SIGINT"], log);
  log.info(
    `${group.command} ${packageVersion()} on ${first.config.DEFAULT.hostname}, configured by ${named(first.files)}`,
  );
  logDiagnostics(log, first.diagnostics);
  if (place.problem !== undefined) log.critical(place.problem);
  for (const { problem } of locks) if (problem !== undefined) log.warning(problem);
  if (thread?.problem !== undefined) {
    log.warning(
      `The disk cannot be accessed from a separate thread (${thread.problem}): if the disk hangs, so does this program`,
    );
  }
  // Without a thread, asking would wait for the disk as well.
  const diskResponds =
    thread === undefined || thread.problem !== undefined ? async () => true : diskProbe(thread, place.path);
  const reread = () => load(group, parsed);
  const status = await runWith(group, first, { log, opened, signal, place, disk, diskResponds, reread });
  await opened.drained();
  for (const lock of locks) lock.release();
  return exitNow(status);
}

interface LockedPlace extends StatePlace {
  /** One for each program, in their order. */
  readonly locks: readonly HeldLock[];
  /** Of the sockets: elsewhere while the disk of the other hangs at the start. */
  readonly socketPath: string;
}

/** Written to standard error: the log may be that of the program that runs already. @returns undefined if there is none */
function placeFor({ command, programs }: ProgramGroup, statePath: string, disk: Disk): LockedPlace | undefined {
  try {
    const environment = stateEnvironment();
    const take = lockStateOn(disk);
    const lockedIn = (path: string) => programs.map(({ name }) => new HeldLock(path, name, take));
    try {
      const place = disk.call("choosePlace", statePath, environment);
      if (place.problem !== undefined) for (const { name } of programs) disk.call("refuseIfHeld", statePath, name);
      return { ...place, locks: lockedIn(place.path), socketPath: place.path };
    } catch (error) {
      if (!(error instanceof DiskHungError)) throw error;
      const socketPath = placeInMemory(statePath, environment);
      return { path: statePath, problem: undefined, locks: lockedIn(statePath), socketPath };
    }
  } catch (error) {
    process.stderr.write(`${command}: ${messageOf(error)}\n`);
    return undefined;
  }
}

const named = (files: readonly string[]): string => files.join(", ") || "nothing but defaults";

interface Running {
  readonly log: Logger;
  readonly opened: OpenLog;
  readonly signal: AbortSignal;
  readonly place: LockedPlace;
  readonly disk: Disk;
  readonly diskResponds: () => Promise<boolean>;
  reread(): Promise<Loaded>;
}

async function runWith(group: ProgramGroup, { config, diagnostics }: Loaded, running: Running): Promise<number> {
  const { log, opened, signal, place, disk, diskResponds, reread } = running;
  const monitors: AssembledMonitor[] = [];
  const clock = systemClock;
  const conditions = new Conditions(clock);
  const loopDelay = new LoopDelay(clock, log);
  const statePath = place.path;
  conditions.set(STATE_DIRECTORY, place.problem);
  let current = config;
  let unknownOptions = countUnknownNames(diagnostics);
  const check = checkRegistration({ group, config: () => current, monitors, clock, conditions, log: opened.log });
  const { hostConditions, segmentHosts } = check;
  const shared = {
    command: group.command,
    opened,
    clock,
    conditions,
    hostConditions,
    segmentHosts,
    loopDelay,
    statePath,
    disk,
  };
  try {
    for (const program of group.programs) monitors.push(await assemble(program, config, shared));
  } catch (error) {
    log.critical(messageOf(error));
    return 1;
  }
  const manager = takeServiceManager(process.env, process.pid, log);
  const started = new Set<string>();

  const onHangUp: (() => void)[] = [];
  /** Takes over a new configuration whole, or not at all. */
  const reload = async (): Promise<void> => {
    opened.reopen();
    for (const listener of onHangUp) listener();
    const loaded = await reread();
    logDiagnostics(log, loaded.diagnostics);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Error(errors.map(describeDiagnostic).join("; "));
    const next = withFixed(loaded.config, current, log);
    const takeOver = await Promise.all(monitors.map((monitor) => monitor.prepare(next)));
    current = next;
    unknownOptions = countUnknownNames(loaded.diagnostics);
    for (const apply of takeOver) apply();
    log.info(`SIGHUP: configuration reread from ${named(loaded.files)}`);
  };
  const reloadOrStay = async (): Promise<void> => {
    manager.reloading(clock.now());
    try {
      await reload();
      conditions.set(CONFIGURATION, undefined);
    } catch (error) {
      const why = messageOf(error);
      log.error(`SIGHUP: the new configuration is refused (${why}), the running one stays`);
      conditions.set(CONFIGURATION, why);
    }
    if (started.size === monitors.length) manager.ready();
  };
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(reloadOrStay);
  });
  signal.addEventListener("abort", manager.stopping, { once: true });

  const { hostname } = config.DEFAULT;
  const identity = { version: packageVersion(), pid: process.pid, hostname, started: clock.now() };
  const runOne = async (monitor: AssembledMonitor): Promise<void> => {
    const { name } = monitor;
    await monitor.run(signal, () => {
      started.add(name);
      if (started.size === monitors.length) manager.ready();
    });
  };
  const socketDisk = place.socketPath === statePath ? diskResponds : async () => true;
  const served = monitors.map((monitor) =>
    serveMonitor(monitor, {
      identity,
      clock,
      unknownOptions: () => unknownOptions,
      registered: () => segmentHosts.known.get(hostname),
    }),
  );
  const sockets = served.map(({ name, routes }) => {
    const path = healthSocket(place.socketPath, name);
    return new HealthSocket({ path, routes, log, diskResponds: socketDisk }, signal);
  });
  const states = monitors.map(({ name, databaseRenewed }, index) => ({
    name,
    databaseRenewed,
    lock: place.locks[index] as HeldLock,
    socket: sockets[index] as HealthSocket,
  }));
  await Promise.all([
    ...monitors.map(runOne),
    ...sockets.map(async (socket) => {
      await socket.start();
      await socket.ended();
    }),
    keepState({ monitors: states, statePath, clock, log, diskResponds }, signal),
    runWatchdog({ monitors, manager, clock, log }, signal),
    loopDelay.measure(signal),
    ...monitors.map(({ armed }) => armed.watch(signal, log)),
    check.run(signal),
    exportMetrics(
      {
        command: group.command,
        programs: group.programs.map(({ name }) => name),
        options: config.metrics,
        sources: () => served.map(({ metrics }) => metrics()),
        conditions,
        onHangUp: (listener) => onHangUp.push(listener),
        page: pageOf({ config, statePath: place.socketPath, served, segmentHosts, diskResponds: socketDisk }),
        clock,
        log,
      },
      signal,
    ),
  ]);
  log.info("stopped");
  return 0;
}
