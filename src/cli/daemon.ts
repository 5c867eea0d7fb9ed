import { homedir } from "node:os";
import { Command } from "commander";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { forPrograms } from "../config/readers.ts";
import type { Config } from "../config/sections.ts";
import { refuseIfHeld } from "../notify/state-lock.ts";
import { type ConditionKind, Conditions } from "../status/conditions.ts";
import { HealthSocket } from "../status/health-socket.ts";
import { LoopDelay } from "../status/loop-delay.ts";
import { reportOn } from "../status/report.ts";
import { healthRoute, listRoute, outboxRoutes } from "../status/routes.ts";
import { takeServiceManager } from "../status/service-manager.ts";
import { healthSocket } from "../status/socket-path.ts";
import { reportSubjects } from "../status/subject.ts";
import { watchOver } from "../status/watch-over.ts";
import { exitNow } from "../system/exit.ts";
import type { Logger } from "../system/log.ts";
import { type OpenLog, openLog } from "../system/logging/open-log.ts";
import { systemClock } from "../system/system-clock.ts";
import { assemble, type Made } from "./assemble.ts";
import { checkPrograms } from "./check-programs.ts";
import { addConfigOptions, configOptions } from "./config-options.ts";
import { endOnDefect, logWarnings } from "./defects.ts";
import { withFixed } from "./fixed-at-start.ts";
import type { Program } from "./program.ts";
import { HeldLock, keepState } from "./state-keeper.ts";
import { chooseStatePlace, type StatePlace, stateSurroundings } from "./state-place.ts";
import { packageVersion } from "./version.ts";

const STATE_DIRECTORY: ConditionKind = {
  name: "state directory",
  consequence: "state is not kept where it was meant to be",
};
const CONFIGURATION: ConditionKind = {
  name: "configuration",
  consequence: "the new configuration is refused, the old one is in force",
};

/** What is run in one process: a single monitor under its own name, or several under `masakari-monitors`. */
export interface Ensemble {
  readonly command: string;
  readonly programs: readonly Program[];
}

function say(log: Logger, diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) log[one.severity](describeDiagnostic(one));
}

/** Reads the configuration that the command line, the environment and the files make, and checks it whole. */
async function load({ command, programs }: Ensemble, parsed: Record<string, unknown>): Promise<Loaded> {
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
 * Runs one monitor program as its command line says, until SIGTERM or SIGINT.
 * @returns the exit status: 0 when stopped, 1 when the configuration cannot be used
 */
export async function runProgram(program: Program, argv: readonly string[]): Promise<number> {
  const command = addConfigOptions(new Command(program.command))
    .description(program.description)
    .version(packageVersion())
    .parse(argv);
  return await runEnsemble({ command: program.command, programs: [program] }, command.opts());
}

/**
 * Runs the monitors in this process until SIGTERM or SIGINT. They share the log and nothing else.
 * @param parsed what the command line says of `addConfigOptions`
 * @returns as `runProgram`
 */
export async function runEnsemble(ensemble: Ensemble, parsed: Record<string, unknown>): Promise<number> {
  const first = await load(ensemble, parsed);
  if (hasError(first.diagnostics)) {
    for (const one of first.diagnostics) process.stderr.write(`${describeDiagnostic(one)}\n`);
    return 1;
  }
  const place = placeFor(ensemble, first.config.DEFAULT.state_path);
  if (place === undefined) return 1;
  const { locks } = place;
  process.title = ensemble.command;
  const opened = openLog(ensemble.command, first.config.DEFAULT);
  const log = opened.log.named(`masakarimonitors.${ensemble.programs.map(({ name }) => name).join("+")}`);
  endOnDefect(opened);
  logWarnings(log);
  const signal = stopOn(["SIGTERM", "SIGINT"], log);
  log.info(
    `${ensemble.command} ${packageVersion()} on ${first.config.DEFAULT.hostname}, configured by ${named(first.files)}`,
  );
  say(log, first.diagnostics);
  if (place.problem !== undefined) log.critical(place.problem);
  for (const { problem } of locks) if (problem !== undefined) log.warning(problem);
  const reread = () => load(ensemble, parsed);
  const status = await runWith(ensemble, first.config, { log, opened, signal, place, reread });
  await opened.drained();
  for (const lock of locks) lock.release();
  return exitNow(status);
}

interface LockedPlace extends StatePlace {
  /** One for each program, in their order. */
  readonly locks: readonly HeldLock[];
}

/** Said on standard error: the log may be that of the program that runs already. @returns undefined if there is none */
function placeFor({ command, programs }: Ensemble, statePath: string): LockedPlace | undefined {
  try {
    const place = chooseStatePlace(statePath, stateSurroundings());
    if (place.problem !== undefined) for (const { name } of programs) refuseIfHeld(statePath, name);
    return { ...place, locks: programs.map(({ name }) => new HeldLock(place.path, name)) };
  } catch (error) {
    process.stderr.write(`${command}: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

const named = (files: readonly string[]): string => files.join(", ") || "nothing but defaults";

interface Running {
  readonly log: Logger;
  readonly opened: OpenLog;
  readonly signal: AbortSignal;
  readonly place: LockedPlace;
  reread(): Promise<Loaded>;
}

async function runWith(ensemble: Ensemble, config: Config, running: Running): Promise<number> {
  const { log, opened, signal, place, reread } = running;
  const monitors: Made[] = [];
  const clock = systemClock;
  const conditions = new Conditions(clock);
  const loopDelay = new LoopDelay(clock, log);
  const statePath = place.path;
  conditions.set(STATE_DIRECTORY, place.problem);
  const shared = { command: ensemble.command, opened, clock, conditions, loopDelay, statePath };
  try {
    for (const program of ensemble.programs) monitors.push(await assemble(program, config, shared));
  } catch (error) {
    log.critical(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const manager = takeServiceManager(process.env, process.pid, log);
  const begun = new Set<string>();
  let current = config;

  /** Takes over a new configuration whole, or not at all. */
  const reload = async (): Promise<void> => {
    opened.reopen();
    const loaded = await reread();
    say(log, loaded.diagnostics);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    if (errors.length > 0) throw new Error(errors.map(describeDiagnostic).join("; "));
    const next = withFixed(loaded.config, current, log);
    const takeOver = await Promise.all(monitors.map((monitor) => monitor.prepare(next)));
    current = next;
    for (const apply of takeOver) apply();
    log.info(`SIGHUP: configuration reread from ${named(loaded.files)}`);
  };
  const reloadOrStay = async (): Promise<void> => {
    manager.reloading(clock.now());
    try {
      await reload();
      conditions.set(CONFIGURATION, undefined);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(`SIGHUP: the new configuration is refused (${why}), the running one stays`);
      conditions.set(CONFIGURATION, why);
    }
    if (begun.size === monitors.length) manager.ready();
  };
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(reloadOrStay);
  });
  signal.addEventListener("abort", manager.stopping, { once: true });

  const { hostname } = config.DEFAULT;
  const identity = { version: packageVersion(), pid: process.pid, hostname, started: clock.now() };
  const runOne = async (monitor: Made): Promise<void> => {
    const { name } = monitor;
    await monitor.run(signal, () => {
      begun.add(name);
      if (begun.size === monitors.length) manager.ready();
    });
  };
  const sockets = monitors.map(({ name, facts, outbox }) => {
    const report = () => reportOn({ program: name, ...identity }, facts(), clock.now());
    const subjects = () => reportSubjects(facts().subjects ?? [], clock.now());
    const routes = { ...healthRoute(report), ...listRoute(subjects), ...outboxRoutes(outbox) };
    return new HealthSocket({ path: healthSocket(statePath, name), routes, log }, signal);
  });
  const kept = monitors.map(({ name, databaseRenewed }, index) => ({
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
    keepState({ kept, statePath, clock, log }, signal),
    watchOver({ monitors, manager, clock, log }, signal),
    loopDelay.measure(signal),
  ]);
  log.info("stopped");
  return 0;
}
