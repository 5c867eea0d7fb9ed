import { homedir } from "node:os";
import { Command } from "commander";
import { checkConfig } from "../config/check-config.ts";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Config } from "../config/sections.ts";
import type { Monitor } from "../monitor/contract.ts";
import { type MonitorParts, runMonitor } from "../monitor/run.ts";
import { Outbox } from "../notify/outbox.ts";
import { Store } from "../notify/store.ts";
import { userAgent } from "../openstack/user-agent.ts";
import { readBootId } from "../system/boot-id.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type OpenLog, openLog } from "../system/logging/open-log.ts";
import { systemClock } from "../system/system-clock.ts";
import { addConfigOptions, configOptions } from "./config-options.ts";
import { Delivery, deliveryPath, type RetryOptions } from "./delivery.ts";
import { packageVersion } from "./version.ts";

/** What a monitor is made from. */
export interface MonitorContext {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bootId: string;
}

/** A monitor as a program runs it. */
export interface RunnableMonitor {
  /** Until the signal aborts. */
  run(parts: MonitorParts, signal: AbortSignal): Promise<void>;
  /** Takes over what SIGHUP has read. */
  reload(config: Config): void;
}

/** One of the monitors, as a program of its own or as one of several in a process. */
export interface Program {
  /** The command's name, e.g. `masakari-processmonitor`. */
  readonly command: string;
  readonly description: string;
  /** The program's own name, e.g. `processmonitor`: of its database and of its logger. */
  readonly name: string;
  retry(config: Config): RetryOptions;
  create(context: MonitorContext): RunnableMonitor;
}

/** What is run in one process: a single monitor under its own name, or several under `masakari-monitors`. */
export interface Ensemble {
  readonly command: string;
  readonly programs: readonly Program[];
}

/** A monitor and what SIGHUP does to it, in the form that a program wants. */
export function runnable<State, Observation, Effect extends { readonly kind: string }>(
  monitor: Monitor<State, Observation, Effect>,
  reload: (config: Config) => void,
): RunnableMonitor {
  return { run: (parts, signal) => runMonitor(monitor, parts, signal), reload };
}

/** These are read once: changing them under a running program would lose what is on its way. */
const fixedAtStart = [
  "hostname",
  "state_path",
  "log_file",
  "log_dir",
  "use_syslog",
  "use_journal",
  "use_json",
] as const;

function say(log: Logger, diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) log[one.severity](describeDiagnostic(one));
}

/** Reads the configuration that the command line, the environment and the files make, and checks it whole. */
async function load({ command, programs }: Ensemble, parsed: Record<string, unknown>): Promise<Loaded> {
  const loaded = loadConfig({ program: command, env: process.env, homeDir: homedir(), ...configOptions(parsed) });
  const said = new Map<string, Diagnostic>();
  for (const program of programs) {
    for (const one of await checkConfig(loaded, program.command)) said.set(describeDiagnostic(one), one);
  }
  return { ...loaded, diagnostics: [...said.values()] };
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

/** A defect must not leave a process that lives on and watches nothing: say it and let the service manager restart us. */
function dieOnDefect(opened: OpenLog): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      opened.log.critical(
        `Defect, the program ends: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      opened.flush();
      process.exit(70);
    });
  }
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
  process.title = ensemble.command;
  const opened = openLog(ensemble.command, first.config.DEFAULT);
  const log = opened.log.named(`masakarimonitors.${ensemble.programs.map(({ name }) => name).join("+")}`);
  dieOnDefect(opened);
  const signal = stopOn(["SIGTERM", "SIGINT"], log);
  log.info(
    `${ensemble.command} ${packageVersion()} on ${first.config.DEFAULT.hostname}, configured by ${named(first.files)}`,
  );
  say(log, first.diagnostics);
  const status = await runWith(ensemble, first.config, { log, opened, signal, reread: () => load(ensemble, parsed) });
  await opened.drained();
  return status;
}

const named = (files: readonly string[]): string => files.join(", ") || "nothing but defaults";

interface Running {
  readonly log: Logger;
  readonly opened: OpenLog;
  readonly signal: AbortSignal;
  reread(): Promise<Loaded>;
}

/** One monitor of the process, made but not yet running. */
interface Made {
  run(signal: AbortSignal): Promise<void>;
  /** Prepares delivery as the configuration says. @returns what takes everything over, and cannot fail */
  prepare(config: Config): Promise<() => void>;
}

/** @throws AuthOptionsError if `[api]` does not make a login */
async function make(program: Program, config: Config, command: string, opened: OpenLog): Promise<Made> {
  const clock = systemClock;
  const bootId = readBootId();
  const log = opened.log.named(`masakarimonitors.${program.name}`);
  const notifyLog = opened.log.named("masakarimonitors.notify");
  const statePath = config.DEFAULT.state_path;
  const store = new Store({ statePath, program: program.name, clock, log: notifyLog, bootId });
  const outbox = new Outbox({ store, clock, log: notifyLog, bootId, expiryMs: config.notifications.expiry * 1000 });
  const parts = { outbox, clock, log: opened.log, userAgent: userAgent(command, packageVersion()) };
  const delivery = new Delivery(await deliveryPath(config, program.retry(config), parts));
  const monitor = program.create({ config, clock, log, bootId });
  return {
    async run(signal) {
      store.open();
      await monitor.run({ store, outbox, dispatcher: delivery, clock, log }, signal);
      store.close();
    },
    async prepare(next) {
      const path = await deliveryPath(next, program.retry(next), parts);
      return () => {
        delivery.replace(path);
        monitor.reload(next);
      };
    },
  };
}

async function runWith(ensemble: Ensemble, config: Config, running: Running): Promise<number> {
  const { log, opened, signal, reread } = running;
  const monitors: Made[] = [];
  try {
    for (const program of ensemble.programs) monitors.push(await make(program, config, ensemble.command, opened));
  } catch (error) {
    log.critical(error instanceof Error ? error.message : String(error));
    return 1;
  }
  let current = config;

  /** Takes over a new configuration whole, or not at all. */
  const reload = async (): Promise<void> => {
    opened.reopen();
    const loaded = await reread();
    say(log, loaded.diagnostics);
    if (hasError(loaded.diagnostics)) throw new Error("it has errors");
    const takeOver = await Promise.all(monitors.map((monitor) => monitor.prepare(loaded.config)));
    for (const name of fixedAtStart) {
      if (loaded.config.DEFAULT[name] !== current.DEFAULT[name]) {
        log.warning(`SIGHUP: a new value of [DEFAULT] ${name} counts from the next start on`);
      }
    }
    current = loaded.config;
    for (const apply of takeOver) apply();
    log.info(`SIGHUP: configuration reread from ${named(loaded.files)}`);
  };
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(reload).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      log.error(`SIGHUP: the new configuration is refused (${why}), the running one stays`);
    });
  });

  await Promise.all(monitors.map((monitor) => monitor.run(signal)));
  log.info("stopped");
  return 0;
}
