import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { ConnectError } from "../errors.ts";
import type { Transport } from "../uri.ts";
import { readPki } from "./pki.ts";
import { opened, type Stream } from "./stream.ts";
import { connectTo, hostPort } from "./tcp.ts";

type TlsTransport = Extract<Transport, { kind: "tls" }>;

/** What the server sends once it has accepted our certificate and address (rpc/virnetserverclient.c). */
const ACCEPTED = 1;

export async function openTls(transport: TlsTransport, signal: AbortSignal): Promise<Stream> {
  const { host, port, verify } = transport;
  const where = hostPort(host, port);
  const pki = await readPki(transport.pkiPath);
  const tcp = await connectTo(transport, signal);
  let socket: TLSSocket | undefined;
  try {
    const name = isIP(host) ? {} : { servername: host };
    const { ca, cert, key, crl } = pki;
    socket = connect({ socket: tcp, host, ...name, ca, rejectUnauthorized: verify, ...cert, ...key, ...crl });
    await opened(socket, "secureConnect", signal);
    await verdict(socket, signal);
  } catch (error) {
    socket?.destroy();
    tcp.destroy();
    if (signal.aborted) throw error;
    throw new ConnectError(`libvirt at ${where}: ${explain(error as NodeJS.ErrnoException, pki.names)}`, {
      cause: error,
    });
  }
  return { socket, peer: `libvirt at ${where} (TLS)`, secure: true };
}

/** Reads exactly the one byte: what follows it belongs to the protocol. */
async function verdict(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const byte = await new Promise<Buffer>((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off("readable", onReadable);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onReadable = (): void => {
      const read = socket.read(1) as Buffer | null;
      if (read !== null) settle(() => resolve(read));
    };
    const onEnd = (): void => settle(() => reject(new Refused()));
    const onError = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => settle(() => reject(signal.reason));
    socket.on("readable", onReadable);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else onReadable();
  });
  if (byte[0] !== ACCEPTED) throw new Refused();
}

class Refused extends Error {
  readonly code = "REFUSED";
}

function explain(error: NodeJS.ErrnoException, names: string): string {
  const code = error.code ?? "";
  if (code === "REFUSED" || code === "ECONNRESET" || /alert|SSL_/.test(`${code} ${error.message}`)) {
    const said = code === "REFUSED" ? "" : ` (${error.message})`;
    return `the server does not accept our certificate or address${said}: it needs a client certificate of its own CA (${names}) and, if it has tls_allowed_dn_list, a name on it`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `the server's certificate is for another host: ${error.message.replace(/^.*altnames: /, "")}`;
  }
  return `TLS failed: ${error.message} (certificates: ${names})`;
}
