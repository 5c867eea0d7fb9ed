import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { Connection } from "./connection.ts";
import { ConnectError, ConnectionLostError, LibvirtError } from "./errors.ts";
import { defaultKeepalive, type KeepaliveOptions } from "./keepalive.ts";
import { Rpc } from "./rpc.ts";
import { setUpSession } from "./session.ts";
import { openStream } from "./transport/open.ts";
import type { Stream } from "./transport/stream.ts";
import { parseUri, type Target } from "./uri.ts";

export interface ConnectOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Default false. The read-only socket needs no rights on most hosts, and has no guest agent commands. */
  readonly readOnly?: boolean;
  /** Gives up connecting; a connection that is made is not affected. */
  readonly signal?: AbortSignal;
  /** ms for the whole of connecting, authenticating and opening. Default 30 000. */
  readonly timeoutMs?: number;
  /** Called once if connecting takes longer than 3 s, with what it waits for; connecting goes on. */
  readonly onSlow?: (error: ConnectError) => void;
  /** ms for a call that names none. Default 35 000: libvirt itself gives up a busy domain after 30 s, with an error. */
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

/** A healthy libvirtd responds in milliseconds. */
const SLOW_MS = 3000;

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
  let stream: Stream | undefined;
  let rpc: Rpc | undefined;
  const notConnectedAfter = (ms: number): ConnectError => {
    const why = stream && rpc ? whyNoSession(stream.peer, rpc.hasResponded) : whyNoStream(target);
    return new ConnectError(`${why} (after ${ms / 1000} s)`);
  };
  const timer = clock.setTimer(timeoutMs, () => giveUp.abort(notConnectedAfter(timeoutMs)));
  const slow = clock.setTimer(SLOW_MS, () => options.onSlow?.(notConnectedAfter(SLOW_MS)));
  try {
    stream = await openStream(target, readOnly, signal);
    rpc = new Rpc(stream, {
      clock,
      log,
      limits: {
        maxInFlight: options.maxInFlight ?? 4,
        maxQueued: options.maxQueued ?? 10_000,
        timeoutMs: options.callTimeoutMs ?? 35_000,
      },
      keepalive: options.keepalive ?? defaultKeepalive,
    });
    rpc.start();
    await setUpSession(rpc, stream, target, readOnly, { signal, timeoutMs });
    return new Connection(rpc);
  } catch (error) {
    rpc?.abort(
      error instanceof LibvirtError ? error : new ConnectionLostError("connecting was given up", { cause: error }),
    );
    if (stream && rpc && !rpc.hasResponded && error instanceof ConnectionLostError) {
      throw new ConnectError(`${stream.peer} closed the connection without a response: ${WHO_REFUSES}`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    slow.cancel();
    timer.cancel();
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** A daemon that has too many clients either accepts no more from the queue of its socket, or closes them at once. */
const WHO_REFUSES =
  "it has as many clients as its max_clients or max_anonymous_clients allow (libvirtd.conf; see with " +
  "`virt-admin server-clients-info libvirtd`), or this is not libvirt's socket or port";

function whyNoSession(peer: string, hasResponded: boolean): string {
  if (hasResponded) {
    return `${peer} responds, but does not complete the set-up of the connection: it hangs or is overloaded, or auth.conf cannot be read`;
  }
  return `${peer} accepts the connection and does not respond: it hangs, ${WHO_REFUSES.replace(/^it /, "")}`;
}

function whyNoStream({ transport, shown }: Target): string {
  switch (transport.kind) {
    case "unix":
      return `the socket of ${shown} does not accept the connection: libvirtd (or virtqemud) hangs`;
    case "tcp":
      return `no response from ${shown}: check that the host is up and that no firewall drops the packets`;
    case "tls":
      return `no TLS session with ${shown}: check that the host is up, that no firewall drops the packets, and that this is libvirt's TLS port (16514 unless changed)`;
  }
}
