import { join } from "node:path";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { lockHolder, lockState, StateInUseError, type StateLock } from "../../notify/state-lock.ts";
import { METRICS_CONTENT_TYPE } from "../../status/metrics/content-type.ts";
import { takeServiceManager } from "../../status/service-manager.ts";
import type { CertificateRenewal } from "../../system/certificate-renewal.ts";
import type { Logger } from "../../system/log.ts";
import { messageOf } from "../../system/message-of.ts";
import { printable } from "../../system/printable.ts";
import { makePrivateDirectory } from "../../system/private-directory.ts";
import { writeOpenrc } from "../openrc.ts";
import { requireNoEarlierState } from "./earlier-state.ts";
import { ControlPlaneMetrics } from "./metrics.ts";
import { type ControlPlaneArguments, databaseOf, userName } from "./options.ts";
import { certificateOf, choosePassword, firstCertificate } from "./secrets.ts";
import { StartError } from "./start-error.ts";
import { reportReload, reportServing } from "./supervision.ts";

/** Of its lock. */
const programName = "control-plane";
const projectName = "service";

/** Runs the control plane until SIGINT or SIGTERM. @throws StartError or ControlPlaneError if it cannot start */
export async function serve(options: ControlPlaneArguments): Promise<void> {
  const { startControlPlane } = await import("../../control-plane/control-plane.ts");
  const openrc = join(options.stateDir, "openrc");
  requireReachable(options);
  const stop = stopSignal();
  requireNoEarlierState(options.stateDir);
  const lock = takeStateDirectory(options.stateDir);
  const log = streamLogger(process.stderr);
  const manager = takeServiceManager(process.env, process.pid, log);
  const metrics = new ControlPlaneMetrics();
  const certificate = certificateOf(options, log);
  const tls = await firstCertificate(certificate);
  const password = choosePassword(options, openrc);
  const controlPlane = await startControlPlane({
    database: databaseOf(options),
    users: [adminUser(password)],
    ...{ host: options.listen, keystonePort: options.keystonePort, masakariPort: options.masakariPort },
    ...{ allowRemote: options.plainHttp ?? false, tls },
    publicUrls: { identity: options.keystoneUrl, "instance-ha": options.masakariUrl },
    trustedProxies: options.trustedProxy ?? [],
    release: options.apiVersion,
    corsOrigins: options.corsOrigin ?? [],
    notificationDelayMax: options.notificationDelayMax,
    tokenLifetime: options.tokenLifetime,
    onRequest: (request) => metrics.request(request),
    onNotification: (arrival) => metrics.notification(arrival),
    log,
  });
  const ended = new AbortController();
  const serving = serveMetrics(options, metrics, log, ended.signal);
  const onHangUp = () => void reportReload(manager, () => reload(controlPlane, options, { openrc, certificate, log }));
  process.on("SIGHUP", onHangUp);
  try {
    await writeLogin(controlPlane, openrc, password);
    process.stdout.write(
      `Keystone      ${controlPlane.keystoneUrl}\nMasakari API  ${controlPlane.masakariUrl}\nLog in with   . ${openrc}\n`,
    );
    reportServing(manager, `Keystone ${controlPlane.keystoneUrl}, Masakari ${controlPlane.masakariUrl}`, ended.signal);
    void certificate?.watch((renewed) => controlPlane.renewTls(renewed), ended.signal);
    await stop;
  } finally {
    process.off("SIGHUP", onHangUp);
    ended.abort();
    await Promise.all([controlPlane.close(), serving]);
    lock.release();
  }
}

function adminUser(password: string) {
  return { name: userName, password, project: projectName, roles: ["admin"] } as const;
}

async function writeLogin({ keystoneUrl }: ControlPlane, openrc: string, password: string): Promise<void> {
  const { region } = await import("../../control-plane/keystone/catalog.ts");
  writeOpenrc(openrc, { authUrl: keystoneUrl, userName, password, projectName, region });
}

interface ReloadParts {
  readonly openrc: string;
  readonly certificate: CertificateRenewal | undefined;
  readonly log: Logger;
}

/** SIGHUP: the certificate and the password are read again. What cannot be read stays as it was. */
async function reload(
  controlPlane: ControlPlane,
  options: ControlPlaneArguments,
  { openrc, certificate, log }: ReloadParts,
): Promise<void> {
  await certificate?.reread();
  try {
    const password = choosePassword(options, openrc);
    await controlPlane.reload({ users: [adminUser(password)] });
    await writeLogin(controlPlane, openrc, password);
    log.info("SIGHUP: read the password again");
  } catch (error) {
    log.error(`SIGHUP: ${messageOf(error)}; keeping the previous password`);
  }
}

/** What clients are to connect to has to be known. @throws StartError */
function requireReachable({ listen, keystoneUrl, masakariUrl }: ControlPlaneArguments): void {
  const isWildcard = ["0.0.0.0", "::"].includes(listen);
  if (!isWildcard || (keystoneUrl !== undefined && masakariUrl !== undefined)) return;
  throw new StartError(`${listen} is no address to connect to: give --keystone-url and --masakari-url`);
}

async function serveMetrics(
  { metricsPort: port }: ControlPlaneArguments,
  metrics: ControlPlaneMetrics,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (port === undefined) return;
  const { serveTcp } = await import("../../status/tcp-server.ts");
  const handle = () => ({ status: 200, body: metrics.text(), contentType: METRICS_CONTENT_TYPE });
  const routes = { "/metrics": { method: "GET", handle } } as const;
  const optionNames = "--metrics-port";
  await serveTcp({ address: "127.0.0.1", port, routes, entrance: undefined, tls: undefined, optionNames, log }, signal);
}

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
    throw new StartError(`cannot use the state directory: ${messageOf(cause)} (--state-dir)`, { cause });
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
    stream.write(`${new Date().toISOString()} ${level} ${printable(message)}\n`);
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
