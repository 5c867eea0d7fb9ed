import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { Connection } from "./connection.ts";
import { ConnectError, ConnectionLostError, LibvirtError } from "./errors.ts";
import { defaultKeepalive, type KeepaliveOptions } from "./keepalive.ts";
import { setUpSession } from "./session.ts";
import { openStream } from "./transport/open.ts";
import { parseUri } from "./uri.ts";

export interface ConnectOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Default false. The read-only socket needs no rights on most hosts, and has no guest agent commands. */
  readonly readOnly?: boolean;
  /** Gives up connecting; a connection that is made is not affected. */
  readonly signal?: AbortSignal;
  /** ms for the whole of connecting, authenticating and opening. Default 30 000. */
  readonly timeoutMs?: number;
  /** ms for a call that names none. Default 35 000: libvirt itself gives up a busy domain after 30 s, and says so. */
  readonly callTimeoutMs?: number;
  /**
   * Calls at the server at a time. Default 4: one less than libvirtd's `max_client_requests`, beyond which it reads nothing
   * from this connection, our keepalive included. While all of these are guest agent commands, one other call joins them.
   */
  readonly maxInFlight?: number;
  /** Calls waiting here. Default 10 000. */
  readonly maxQueued?: number;
  /** Default every 5 s, three times; false: never. */
  readonly keepalive?: KeepaliveOptions | false;
}

/**
 * Connects to the libvirt daemon that `uri` names and opens its driver.
 * @throws UriError, ConnectError, AuthError, ServerError, ProtocolError, ConnectionLostError, or the signal's reason
 */
export async function connect(uri: string, options: ConnectOptions): Promise<Connection> {
  const { clock, log, readOnly = false, timeoutMs = 30_000 } = options;
  const target = parseUri(uri);
  options.signal?.throwIfAborted();
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const onAbort = (): void => giveUp.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const timer = clock.setTimer(timeoutMs, () =>
    giveUp.abort(new ConnectError(`libvirt did not let us in within ${timeoutMs / 1000} s (${target.shown})`)),
  );
  let connection: Connection | undefined;
  try {
    const stream = await openStream(target, readOnly, signal);
    connection = new Connection(stream, {
      clock,
      log,
      limits: {
        maxInFlight: options.maxInFlight ?? 4,
        maxQueued: options.maxQueued ?? 10_000,
        timeoutMs: options.callTimeoutMs ?? 35_000,
      },
      keepalive: options.keepalive ?? defaultKeepalive,
    });
    connection.start();
    await setUpSession(connection, stream, target, readOnly, { signal, timeoutMs });
    return connection;
  } catch (error) {
    connection?.abort(
      error instanceof LibvirtError ? error : new ConnectionLostError("connecting was given up", { cause: error }),
    );
    throw error;
  } finally {
    timer.cancel();
    options.signal?.removeEventListener("abort", onAbort);
  }
}
