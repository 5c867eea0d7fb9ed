import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Keeps at most `limit` connections of `server` open, with TLS also those whose handshake is not done: one more closes the one on which
 * nothing was received or sent for the longest time, so that clients that are slow or idle cannot lock out the others.
 */
export function limitConnections(server: Server, limit: number): void {
  /** By the client's address and port, least recently used first: with TLS, a request comes on another socket than the connection's own. */
  const open = new Map<string, Socket>();
  const touch = (peer: string): void => {
    const socket = open.get(peer);
    if (socket === undefined) return;
    open.delete(peer);
    open.set(peer, socket);
  };
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    open.set(peer, socket);
    socket.once("close", () => {
      if (open.get(peer) === socket) open.delete(peer);
    });
    const [stalest] = open;
    if (stalest === undefined || open.size <= limit) return;
    open.delete(stalest[0]);
    stalest[1].destroy();
  });
  server.on("request", (request, response) => {
    const peer = peerOf(request.socket);
    touch(peer);
    response.once("close", () => touch(peer));
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
