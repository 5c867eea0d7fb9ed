import { Absence } from "./absence.ts";
import { Backoff, type BackoffLimits } from "./backoff.ts";
import type { ConnectOptions } from "./connect.ts";
import { connect } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { LibvirtError } from "./errors.ts";

export interface KeepConnectedOptions extends Omit<ConnectOptions, "signal"> {
  /** Pauses between tries; see `Backoff`. */
  readonly backoff?: BackoffLimits;
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
  /** Called with the reason at the loss, and again after each try that failed or takes long: how it is now. */
  readonly onAway?: (reason: string) => void;
}

/**
 * Holds a connection to libvirt for as long as `signal` lets it, through every restart and outage, and for ever. Resolves
 * when the signal aborts and the connection is closed; what goes wrong is logged (one line when libvirt goes, one when it is
 * back) and told, never thrown: only a URI that cannot be read is.
 * @throws UriError
 */
export async function keepConnected(uri: string, options: KeepConnectedOptions, signal: AbortSignal): Promise<void> {
  const { clock, onLost, onAway, random = Math.random } = options;
  const backoff = new Backoff(options.backoff);
  const absence = new Absence(options);
  const away = (error: Error): void => {
    if (!absence.isOn) onLost?.(error);
    absence.goesOn(error.message);
    onAway?.(error.message);
  };
  const connecting = { ...options, onSlow: away };
  while (!signal.aborted) {
    let readySince: number | undefined;
    const error = await oneConnection(uri, connecting, signal, () => {
      readySince = clock.now().mono;
      absence.ended();
    });
    if (signal.aborted) return;
    if (error instanceof LibvirtError && error.code === "LIBVIRT_URI") throw error;
    away(error);
    const delayMs = backoff.next(readySince === undefined ? undefined : clock.now().mono - readySince);
    await clock.sleep(delayMs * (0.5 + random() / 2), signal).catch(() => undefined);
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
