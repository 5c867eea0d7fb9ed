import { homedir } from "node:os";
import { Command } from "commander";
import { checkConfig } from "../config/check-config.ts";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Config } from "../config/sections.ts";
import type { Monitor } from "../monitor/contract.ts";
import { runMonitor } from "../monitor/run.ts";
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
export interface RunnableMonitor<State, Observation, Effect extends { readonly kind: string }> {
  readonly monitor: Monitor<State, Observation, Effect>;
  /** Takes over what SIGHUP has read. */
  reload(config: Config): void;
}

/** One of the monitor programs. */
export interface Program<State, Observation, Effect extends { readonly kind: string }> {
  /** The command's name, e.g. `masakari-processmonitor`. */
  readonly command: string;
  readonly description: string;
  /** The program's own name, e.g. `processmonitor`: of its database and of its logger. */
  readonly name: string;
  retry(config: Config): RetryOptions;
  create(context: MonitorContext): RunnableMonitor<State, Observation, Effect>;
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
async function load(command: string, parsed: Record<string, unknown>): Promise<Loaded> {
  const loaded = loadConfig({ program: command, env: process.env, homeDir: homedir(), ...configOptions(parsed) });
  return { ...loaded, diagnostics: await checkConfig(loaded, command) };
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
export async function runProgram<State, Observation, Effect extends { readonly kind: string }>(
  program: Program<State, Observation, Effect>,
  argv: readonly string[],
): Promise<number> {
  const command = addConfigOptions(new Command(program.command))
    .description(program.description)
    .version(packageVersion())
    .parse(argv);
  const first = await load(program.command, command.opts());
  if (hasError(first.diagnostics)) {
    for (const one of first.diagnostics) process.stderr.write(`${describeDiagnostic(one)}\n`);
    return 1;
  }
  process.title = program.command;
  const opened = openLog(program.command, first.config.DEFAULT);
  const log = opened.log.named(`masakarimonitors.${program.name}`);
  dieOnDefect(opened);
  const signal = stopOn(["SIGTERM", "SIGINT"], log);
  log.info(
    `${program.command} ${packageVersion()} on ${first.config.DEFAULT.hostname}, configured by ${first.files.join(", ") || "nothing but defaults"}`,
  );
  say(log, first.diagnostics);
  const status = await runWith(program, first.config, {
    log,
    opened,
    signal,
    reread: () => load(program.command, command.opts()),
  });
  await opened.drained();
  return status;
}

interface Running {
  readonly log: Logger;
  readonly opened: OpenLog;
  readonly signal: AbortSignal;
  reread(): Promise<Loaded>;
}

async function runWith<State, Observation, Effect extends { readonly kind: string }>(
  program: Program<State, Observation, Effect>,
  config: Config,
  { log, opened, signal, reread }: Running,
): Promise<number> {
  const clock = systemClock;
  const bootId = readBootId();
  const notifyLog = opened.log.named("masakarimonitors.notify");
  const store = new Store({
    statePath: config.DEFAULT.state_path,
    program: program.name,
    clock,
    log: notifyLog,
    bootId,
  });
  const outbox = new Outbox({ store, clock, log: notifyLog, bootId, expiryMs: config.notifications.expiry * 1000 });
  const parts = { outbox, clock, log: opened.log, userAgent: userAgent(program.command, packageVersion()) };
  const path = await deliveryPath(config, program.retry(config), parts).catch((error: Error) => error);
  if (path instanceof Error) {
    log.critical(path.message);
    return 1;
  }
  store.open();
  const delivery = new Delivery(path);
  const runnable = program.create({ config, clock, log, bootId });
  let current = config;

  /** Takes over a new configuration whole, or not at all. */
  const reload = async (): Promise<void> => {
    opened.reopen();
    const loaded = await reread();
    say(log, loaded.diagnostics);
    const next = hasError(loaded.diagnostics)
      ? undefined
      : await deliveryPath(loaded.config, program.retry(loaded.config), parts).catch((error: Error) =>
          log.error(error.message),
        );
    if (!next) {
      log.error("SIGHUP: the new configuration is refused, the running one stays");
      return;
    }
    for (const name of fixedAtStart) {
      if (loaded.config.DEFAULT[name] !== current.DEFAULT[name]) {
        log.warning(`SIGHUP: a new value of [DEFAULT] ${name} counts from the next start on`);
      }
    }
    current = loaded.config;
    delivery.replace(next);
    runnable.reload(current);
    log.info(`SIGHUP: configuration reread from ${loaded.files.join(", ") || "nothing but defaults"}`);
  };
  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading
      .then(reload)
      .catch((error: unknown) => log.error(`SIGHUP: ${String(error)}; the running configuration stays`));
  });

  await runMonitor(runnable.monitor, { store, outbox, dispatcher: delivery, clock, log }, signal);
  store.close();
  log.info("stopped");
  return 0;
}
