import { Backoff, type BackoffLimits } from "./backoff.ts";
import type { ConnectOptions } from "./connect.ts";
import { connect } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { LibvirtError } from "./errors.ts";
import { OutageLog } from "./outage-log.ts";

export interface MaintainOptions extends Omit<ConnectOptions, "signal"> {
  /** Pauses between attempts; see `Backoff`. */
  readonly backoff?: BackoffLimits;
  /** 0 ≤ x < 1, spreads the attempts of many hosts. Default Math.random. */
  readonly random?: () => number;
  /**
   * Called for each connection, to register for events and to compare what is with what was. A rejection counts as a loss of the connection.
   * `connected` aborts when this connection ends.
   */
  readonly onConnected: (connection: Connection, connected: AbortSignal) => Promise<void> | void;
  /** What an outage means, and what to do, for the line in the log: a sentence without its full stop. */
  readonly consequence?: string;
  /** Called once for each outage, the first failure to connect included, however many attempts follow. */
  readonly onLost?: (error: Error) => void;
  /** Called with the reason at the loss, and again after each attempt that failed or takes long. */
  readonly onUnavailable?: (reason: string) => void;
}

/**
 * Connects to libvirt, and again after every loss, until `signal` aborts; it resolves when the connection is closed then. Failures
 * are logged (one line when an outage begins, one when it ends) and passed to the callbacks; only a URI that cannot be read is thrown.
 * @throws UriError
 */
export async function maintainConnection(uri: string, options: MaintainOptions, signal: AbortSignal): Promise<void> {
  const { clock, onLost, onUnavailable, random = Math.random } = options;
  const backoff = new Backoff(options.backoff);
  const outage = new OutageLog(options);
  const onFailure = (error: Error): void => {
    if (!outage.isOutage) onLost?.(error);
    outage.onFailure(error.message);
    onUnavailable?.(error.message);
  };
  const connecting = { ...options, onSlow: onFailure };
  while (!signal.aborted) {
    let readySince: number | undefined;
    const error = await oneConnection(uri, connecting, signal, () => {
      readySince = clock.now().mono;
      outage.onConnected();
    });
    if (signal.aborted) return;
    if (error instanceof LibvirtError && error.code === "LIBVIRT_URI") throw error;
    onFailure(error);
    const delayMs = backoff.next(readySince === undefined ? undefined : clock.now().mono - readySince);
    await clock.sleep(delayMs * (0.5 + random() / 2), signal).catch(() => undefined);
  }
}

/** From connecting to the end of the connection. @returns why it ended */
async function oneConnection(
  uri: string,
  options: MaintainOptions,
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
    // `onConnected` may wait for something other than this connection, so the end of the connection counts too.
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
