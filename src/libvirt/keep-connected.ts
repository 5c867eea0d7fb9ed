import { Absence } from "./absence.ts";
import type { ConnectOptions } from "./connect.ts";
import { connect } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { LibvirtError } from "./errors.ts";

export interface KeepConnectedOptions extends Omit<ConnectOptions, "signal"> {
  /** ms before the first try after a loss, and the most it grows to. Default 500 and 10 000. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** 0 ≤ x < 1, spreads the tries of many hosts. Default Math.random. */
  readonly random?: () => number;
  /**
   * Called for each connection, to register for events and to compare what is with what was. A throw counts as a loss.
   * `connected` aborts when this connection ends.
   */
  readonly onConnected: (connection: Connection, connected: AbortSignal) => Promise<void> | void;
  /** What it means that there is no connection, and what to do, for the line in the log. */
  readonly meanwhile?: string;
  /** Called once for each loss, the first failure to connect included, however many tries follow. */
  readonly onLost?: (error: Error) => void;
}

const defaultBackoff = { firstMs: 500, maxMs: 10_000 };

/**
 * Holds a connection to libvirt for as long as `signal` lets it, through every restart and outage, and for ever. Resolves
 * when the signal aborts and the connection is closed; what goes wrong is logged (one line when libvirt goes, one when it is
 * back) and told, never thrown: only a URI that cannot be read is.
 * @throws UriError
 */
export async function keepConnected(uri: string, options: KeepConnectedOptions, signal: AbortSignal): Promise<void> {
  const { clock, onLost, random = Math.random } = options;
  const { firstMs, maxMs } = options.backoff ?? defaultBackoff;
  let delayMs = firstMs;
  const absence = new Absence(options);
  while (!signal.aborted) {
    const since = clock.now().mono;
    const error = await oneConnection(uri, options, signal, () => absence.ended());
    if (signal.aborted) return;
    if (error instanceof LibvirtError && error.code === "LIBVIRT_URI") throw error;
    // One that held for a while is a new outage; one that falls at once is still the old one, and waits longer.
    if (clock.now().mono - since > maxMs) delayMs = firstMs;
    if (!absence.isOn) onLost?.(error);
    absence.goesOn(error.message);
    await clock.sleep(delayMs * (0.5 + random() / 2), signal).catch(() => undefined);
    delayMs = Math.min(maxMs, delayMs * 2);
  }
}

/** From connecting to the end of the connection. @returns why it ended */
async function oneConnection(
  uri: string,
  options: KeepConnectedOptions,
  signal: AbortSignal,
  onReady: () => void,
): Promise<Error> {
  const ended = new AbortController();
  let connection: Connection | undefined;
  const onAbort = (): void => void connection?.close();
  try {
    connection = await connect(uri, { ...options, signal });
    signal.addEventListener("abort", onAbort, { once: true });
    const closed = connection.closed.then((error) => {
      ended.abort(error);
      return error;
    });
    if (signal.aborted) onAbort();
    // Whoever sets up may wait for something else than this connection, so its end counts too.
    await Promise.race([options.onConnected(connection, ended.signal), closed]);
    if (!ended.signal.aborted) onReady();
    return (await closed) ?? new Error("closed by this program");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    signal.removeEventListener("abort", onAbort);
    await connection?.close();
    ended.abort();
  }
}
