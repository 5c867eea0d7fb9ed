import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { lockHolder, lockState, StateInUseError, type StateLock } from "../notify/state-lock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { nodeCrypto } from "../system/node-crypto.ts";
import { makePrivateDirectory } from "../system/private-directory.ts";
import { readOpenrcPassword, writeOpenrc } from "./openrc.ts";

const passwordVariable = "MASAKARI_CONTROL_PLANE_PASSWORD";
/** Of its lock and its database. */
const programName = "control-plane";
const userName = "admin";
const projectName = "service";

interface Options {
  readonly stateDir: string;
  readonly keystonePort: number;
  readonly masakariPort: number;
  readonly tokenLifetime: number;
  readonly passwordFile?: string;
}

/** Adds `control-plane`: an embedded Keystone and masakari-api on loopback, until SIGINT or SIGTERM. */
export function addControlPlaneCommand(program: Command): void {
  program
    .command("control-plane")
    .description("run a small Keystone and masakari-api on this machine, without OpenStack (no engine, no Nova)")
    .option("--state-dir <DIR>", "database and openrc", "/var/lib/masakarimonitors/control-plane")
    .option("--keystone-port <PORT>", "0: any free one", portNumber, 5000)
    .option("--masakari-port <PORT>", "0: any free one", portNumber, 15868)
    .option("--token-lifetime <SECONDS>", "how long a token is good for", positiveNumber, 3600)
    .option(
      "--password-file <FILE>",
      `the ${userName} user's password is its first line; without it, that of $${passwordVariable}, of the openrc of an earlier run, or a new one`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { ControlPlaneError } = await import("../control-plane/errors.ts");
  try {
    await serve(options);
  } catch (error) {
    if (!(error instanceof ControlPlaneError || error instanceof StartError)) throw error;
    process.stderr.write(`masakari-monitors control-plane: ${error.message}\n`);
    process.exitCode = 1;
  }
}

async function serve(options: Options): Promise<void> {
  const { startControlPlane } = await import("../control-plane/control-plane.ts");
  const { region } = await import("../control-plane/keystone/catalog.ts");
  const openrc = join(options.stateDir, "openrc");
  const stop = stopSignal();
  const lock = takeStateDirectory(options.stateDir);
  const password = choosePassword(options, openrc);
  const controlPlane = await startControlPlane({
    database: join(options.stateDir, `${programName}.sqlite`),
    users: [{ name: userName, password, project: projectName, roles: ["admin"] }],
    keystonePort: options.keystonePort,
    masakariPort: options.masakariPort,
    tokenLifetime: options.tokenLifetime,
    log: streamLogger(process.stderr),
  });
  try {
    writeOpenrc(openrc, { authUrl: controlPlane.keystoneUrl, userName, password, projectName, region });
    process.stdout.write(
      `Keystone      ${controlPlane.keystoneUrl}\nMasakari API  ${controlPlane.masakariUrl}\nLog in with   . ${openrc}\n`,
    );
    await stop;
  } finally {
    await controlPlane.close();
    lock.release();
  }
}

/** What keeps it from starting; the message is for the operator. */
class StartError extends Error {}

/** The database and the password of a cloud are in it: it must be this user's alone, and this process's. */
function takeStateDirectory(stateDir: string): StateLock {
  try {
    makePrivateDirectory(stateDir);
    return lockState(stateDir, programName);
  } catch (cause) {
    if (cause instanceof StateInUseError) {
      const pid = lockHolder(stateDir, programName);
      const holder = pid === undefined ? "another process" : `pid ${pid}`;
      throw new StartError(
        `${stateDir} is in use: ${holder} runs a control plane there; stop that one, or give --state-dir`,
      );
    }
    const why = messageOf(cause);
    throw new StartError(`cannot use the state directory: ${why} (--state-dir)`, { cause });
  }
}

/** Never from the command line, where every user of the machine can read it. */
function choosePassword({ passwordFile }: Options, openrc: string): string {
  try {
    const given =
      passwordFile === undefined
        ? process.env[passwordVariable]
        : readFileSync(passwordFile, "utf8").split(/\r?\n/, 1)[0];
    if (given === "") {
      throw new StartError(`the password in ${passwordFile ?? `$${passwordVariable}`} is empty; put one there`);
    }
    return given ?? readOpenrcPassword(openrc) ?? nodeCrypto().randomBytes(24).toString("base64url");
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const why = messageOf(cause);
    throw new StartError(`cannot read the password: ${why}`, { cause });
  }
}

/** Resolves at the first SIGINT or SIGTERM; the second ends the process at once, as without a handler. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function streamLogger(stream: NodeJS.WritableStream): Logger {
  const at = (level: string) => (message: string) => {
    stream.write(`${new Date().toISOString()} ${level} ${message}\n`);
  };
  const logger: Logger = {
    debug: () => undefined,
    info: at("INFO"),
    warning: at("WARNING"),
    error: at("ERROR"),
    critical: at("CRITICAL"),
    named: () => logger,
  };
  return logger;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

function positiveNumber(text: string): number {
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds === 0) throw new InvalidArgumentError("a whole number of seconds above 0.");
  return seconds;
}
