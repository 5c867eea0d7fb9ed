import { connect, createServer } from "node:net";

/**
 * Where the alert agent reports to the host monitor of the same host: an abstract socket, so that it needs no directory that both
 * Pacemaker's user and the monitor's may use, and is reached from another container of the same network namespace. Anybody on the host may
 * write to it: all that it can cause is a look.
 */
const ALERT_ADDRESS = "\0masakari-monitors/pacemaker-alert";
const LONGEST_MESSAGE = 1024;
const MOST_CONNECTIONS = 16;
const CONNECTION_MS = 2000;

/**
 * Calls back for each alert until the signal aborts. An address that another monitor has is an error.
 * @param onAlert with what happened, one line
 * @param address another one in tests: a host monitor may run on the machine
 */
export function listenForAlerts(
  onAlert: (what: string) => void,
  onError: (error: Error) => void,
  signal: AbortSignal,
  address = ALERT_ADDRESS,
): void {
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
  server.on("error", onError);
  server.listen({ path: address, signal });
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
