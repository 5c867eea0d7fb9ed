import type { Config } from "../config/sections.ts";
import { readTextFile } from "../config/text-file.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import { METRICS_CONTENT_TYPE } from "../status/metrics/content-type.ts";
import type { MetricSource } from "../status/metrics/samples.ts";
import type { Routes } from "../status/routes.ts";
import type { TcpLogin } from "../status/tcp-login.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";

/**
 * Which port after `[metrics] port` each program takes, so that all can be configured by one file. A list of its own: the one of
 * `programs/` would draw every program into the bundle of each.
 */
export const PORTS: readonly string[] = [
  "instancemonitor",
  "introspectiveinstancemonitor",
  "processmonitor",
  "hostmonitor",
];

/** A password_file longer than this is another file. */
const MAX_PASSWORD_BYTES = 4096;

/** `GET /metrics`. What makes them is loaded when they are first asked for. */
export function metricsRoute(source: () => MetricSource): Routes {
  return {
    "/metrics": {
      method: "GET",
      handle: async () => {
        const { exposition } = await import("../status/metrics/exposition.ts");
        return { status: 200, body: exposition([source()]), contentType: METRICS_CONTENT_TYPE };
      },
    },
  };
}

/** The TCP port, for what is served on it beside the metrics. */
export interface Listener {
  readonly clock: Clock;
  readonly command: string;
  readonly address: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** As its file has it now; undefined: none is asked for. */
  readonly login: () => TcpLogin | undefined;
  readonly log: Logger;
}

export interface MetricsParts {
  readonly command: string;
  readonly programs: readonly string[];
  readonly options: Config["metrics"];
  readonly sources: () => readonly MetricSource[];
  /** Makes the paths of the page; undefined: it is off. */
  readonly page?: ((listener: Listener) => Promise<Routes>) | undefined;
  readonly conditions: Conditions;
  /** Has the listener called whenever the files are to be read again: SIGHUP. */
  readonly onHangUp: (listener: () => void) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const CERTIFICATE: ConditionKind = {
  name: "metrics certificate",
  consequence: "the port of the metrics and the page keeps the previous certificate, until that expires",
};

const LOGIN: ConditionKind = {
  name: "metrics login",
  consequence: "the port of the metrics and the page keeps the previous password",
};

/** Serves and writes the metrics of this process where `[metrics]` has it, until the signal aborts. */
export async function exportMetrics(parts: MetricsParts, signal: AbortSignal): Promise<void> {
  const { command, options, sources, clock, log } = parts;
  const { port, textfile_directory: directory } = options;
  if (port === 0 && directory === "") return;
  const { exposition } = await import("../status/metrics/exposition.ts");
  const metrics = () => exposition(sources());
  const exports: Promise<void>[] = [];
  if (port !== 0) {
    // A monitor does its work without metrics and the page, whatever keeps them from being served.
    const onDefect = (error: unknown) => log.error(`Metrics and the page are not served: ${messageOf(error)}`);
    exports.push(serve(parts, signal).catch(onDefect));
  }
  if (directory !== "") {
    const { writeTextfile } = await import("../status/metrics/textfile.ts");
    exports.push(writeTextfile({ directory, name: command, metrics, clock, log }, signal));
  }
  await Promise.all(exports);
}

async function serve(parts: MetricsParts, signal: AbortSignal) {
  const { command, programs, options, sources, page, clock, log } = parts;
  const { port: first, address, tls_cert_file: cert, tls_key_file: key } = options;
  const port = programs.length === 1 ? first + Math.max(0, PORTS.indexOf(programs[0] ?? "")) : first;
  let login: TcpLogin | undefined;
  try {
    login = loginOf(options);
  } catch (error) {
    log.error(
      `${page === undefined ? "Metrics" : "Metrics and the page"} are not served on port ${port}: ${messageOf(error)}`,
    );
    return;
  }
  const [{ serveTcp }, { TcpEntrance }, { ListenerTls }, { exposition }] = await Promise.all([
    import("../status/tcp-server.ts"),
    import("../status/tcp-login.ts"),
    import("../status/tcp-tls.ts"),
    import("../status/metrics/exposition.ts"),
  ]);
  const isSecure = cert !== "";
  const ofPage = (await page?.({ clock, command, address, port, isSecure, login: () => login, log })) ?? {};
  const ofMetrics: Routes = {
    "/metrics": {
      method: "GET",
      handle: () => ({ status: 200, body: exposition(sources()), contentType: METRICS_CONTENT_TYPE }),
    },
  };
  const entrance = login && new TcpEntrance(login, () => clock.now().mono, log);
  /** @returns why it stays as it was */
  const rereadLogin = (): string | undefined => {
    try {
      login = loginOf(options);
      if (login !== undefined) entrance?.renew(login);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };
  const names = { cert: "[metrics] tls_cert_file", key: "[metrics] tls_key_file" };
  const files = { certFile: cert, keyFile: key === "" ? cert : key, names };
  const onProblem = (problem: string | undefined) => parts.conditions.set(CERTIFICATE, problem);
  const tls = isSecure ? new ListenerTls({ files, clock, log, onProblem }) : undefined;
  parts.onHangUp(() => {
    void tls?.reread();
    const problem = rereadLogin();
    if (problem !== undefined) log.error(`${problem}; keeping the previous login`);
    parts.conditions.set(LOGIN, problem);
  });
  const optionNames = "[metrics] address, port";
  await serveTcp({ address, port, log, entrance, tls, optionNames, routes: { ...ofMetrics, ...ofPage } }, signal);
}

/** @returns undefined if no login is asked for @throws if only half of one is there: the port must not be open then */
function loginOf(options: Config["metrics"]): TcpLogin | undefined {
  const { username, password, password_file: file } = options;
  const known = file === "" ? password : passwordIn(file);
  if (username === "" && known === undefined) return undefined;
  if (username === "" || known === undefined || known === "") {
    throw new Error("[metrics] username and password (or password_file) have to be set both");
  }
  if (username.includes(":")) throw new Error("[metrics] username may not contain a colon");
  return { username, password: known };
}

function passwordIn(file: string): string {
  const read = readTextFile(file, MAX_PASSWORD_BYTES);
  if ("reason" in read) throw new Error(`[metrics] password_file: ${file} ${read.reason}`);
  return read.text.split("\n", 1)[0]?.trimEnd() ?? "";
}
