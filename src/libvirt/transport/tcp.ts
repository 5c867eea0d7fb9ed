import { connect, isIPv6, type Socket } from "node:net";
import { ConnectError } from "../errors.ts";
import type { Transport } from "../uri.ts";
import { type Stream, waitForOpen } from "./stream.ts";

type HostAndPort = Pick<Extract<Transport, { kind: "tcp" }>, "host" | "port">;

/** Seconds of silence after which the kernel asks whether the peer is still there; libvirt's keepalive is far quicker. */
const TCP_KEEPALIVE_S = 30;

export async function openTcp(transport: HostAndPort, signal: AbortSignal): Promise<Stream> {
  const { host, port } = transport;
  return { socket: await connectTo(transport, signal), peer: `libvirt at ${hostPort(host, port)}`, secure: false };
}

export async function connectTo({ host, port }: HostAndPort, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_S * 1000 });
  try {
    await waitForOpen(socket, "connect", signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ConnectError(explain(error as NodeJS.ErrnoException, hostPort(host, port)), { cause: error });
  }
  return socket;
}

export function hostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function explain(error: NodeJS.ErrnoException, where: string): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return `connection refused at ${where}: libvirtd needs --listen with listen_tcp or listen_tls, or libvirtd-tcp.socket or libvirtd-tls.socket`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name in ${where} cannot be resolved (${error.code}): check the libvirt URI and DNS`;
    default:
      return `cannot connect to libvirt at ${where}: ${error.message || error.code}`;
  }
}
