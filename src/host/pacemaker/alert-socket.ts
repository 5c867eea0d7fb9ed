import { connect, createServer } from "node:net";
import type { Clock } from "../../system/clock.ts";

/**
 * Where the alert agent reports to the host monitor of the same host: an abstract socket, so that it needs no directory that both
 * Pacemaker's user and the monitor's may use, and is reached from another container of the same network namespace. Anybody on the host may
 * write to it: all that it can cause is a look.
 */
const ALERT_ADDRESS = "\0masakari-monitors/pacemaker-alert";
const LONGEST_MESSAGE = 1024;
const MOST_CONNECTIONS = 16;
const CONNECTION_MS = 2000;
const LISTEN_AGAIN_MS = 10_000;

export interface AlertParts {
  readonly clock: Clock;
  /** Called with what happened, one line. */
  readonly onAlert: (what: string) => void;
  /** Called once for each reason why alerts are not received. */
  readonly onProblem: (problem: string) => void;
}

/**
 * Calls back for each alert until the signal aborts. An address that another monitor has, which may be the one that this one replaces,
 * is tried again every 10 s.
 * @param address another one in tests: a host monitor may run on the machine
 */
export async function listenForAlerts(
  { clock, onAlert, onProblem }: AlertParts,
  signal: AbortSignal,
  address = ALERT_ADDRESS,
): Promise<void> {
  let before = "";
  while (!signal.aborted) {
    const problem = await serve(onAlert, signal, address);
    if (signal.aborted) return;
    if (problem !== before) onProblem(problem);
    before = problem;
    await clock.sleep(LISTEN_AGAIN_MS, signal).catch(() => undefined);
  }
}

/** @returns why it ended; empty if the signal has aborted */
async function serve(onAlert: AlertParts["onAlert"], signal: AbortSignal, address: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    let message = "";
    socket.setTimeout(CONNECTION_MS, () => socket.destroy());
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      message += text;
      if (message.length > LONGEST_MESSAGE) socket.destroy();
    });
    socket.once("end", () => onAlert(message));
    socket.on("error", () => undefined);
    socket.end();
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("error", ({ message }) => {
    server.close();
    resolve(message);
  });
  server.once("close", () => resolve(""));
  server.listen({ path: address, signal });
  return await promise;
}

/** Reports one alert. @throws Error nobody listens, or within 2 s nobody read it */
export async function sendAlert(what: string, address = ALERT_ADDRESS): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ path: address });
  socket.setTimeout(CONNECTION_MS, () =>
    socket.destroy(new Error("the host monitor did not read the alert within 2 s")),
  );
  socket.once("error", reject);
  socket.once("close", () => resolve());
  socket.end(what.slice(0, LONGEST_MESSAGE));
  socket.resume();
  await promise;
}
