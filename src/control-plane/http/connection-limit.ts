import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Keeps at most `limit` connections of `server` open: one more closes the one on which nothing was received or sent for
 * the longest time, so that clients that are slow or idle cannot lock out the others.
 * @param event with TLS a connection counts from its handshake on, which has a time-out of its own
 */
export function limitConnections(server: Server, limit: number, event: "connection" | "secureConnection"): void {
  /** Least recently used first. */
  const open = new Set<Socket>();
  const touch = (socket: Socket): void => {
    if (open.delete(socket)) open.add(socket);
  };
  server.on(event, (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const [stalest] = open;
    if (stalest === undefined || open.size <= limit) return;
    open.delete(stalest);
    stalest.destroy();
  });
  server.on("request", (request, response) => {
    touch(request.socket);
    response.once("close", () => touch(request.socket));
  });
}
