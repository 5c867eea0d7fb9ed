import type { Socket } from "node:net";

/** An open byte stream to a libvirt server. */
export interface Stream {
  readonly socket: Socket;
  /** Whom it leads to, for messages: `libvirt at /run/libvirt/libvirt-sock`. */
  readonly peer: string;
  /** Nobody can listen in: a unix socket, or TLS. Where not, libvirt demands a SASL security layer. */
  readonly secure: boolean;
}

/** Waits for `event` of a socket that is being opened; a failure or an abort destroys it. */
export async function waitForOpen(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal.reason);
  const onClose = (): void =>
    reject(Object.assign(new Error("the peer closed the connection"), { code: "ECONNRESET" }));
  socket.once(event, resolve);
  socket.once("error", reject);
  socket.once("close", onClose);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await promise;
  } catch (error) {
    // An error that comes after the first must not end the program.
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.off(event, resolve);
    socket.off("error", reject);
    socket.off("close", onClose);
  }
}
