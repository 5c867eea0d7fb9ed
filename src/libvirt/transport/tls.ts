import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { raceAbort } from "../abort-race.ts";
import { ConnectError, oneLine } from "../errors.ts";
import type { Transport } from "../uri.ts";
import { readPki } from "./pki.ts";
import { type Stream, waitForOpen } from "./stream.ts";
import { connectTo, hostPort } from "./tcp.ts";

type TlsTransport = Extract<Transport, { kind: "tls" }>;

/** What the server sends once it has accepted our certificate and address (rpc/virnetserverclient.c). */
const ACCEPTED = 1;

export async function openTls(transport: TlsTransport, signal: AbortSignal): Promise<Stream> {
  const { host, port, verify } = transport;
  const where = hostPort(host, port);
  const pki = await raceAbort(readPki(transport.pkiPath), signal);
  const tcp = await connectTo(transport, signal);
  let socket: TLSSocket | undefined;
  let step: Step = "files";
  try {
    const name = isIP(host) ? {} : { servername: host };
    const { ca, cert, key, crl } = pki;
    socket = connect({ socket: tcp, host, ...name, ca, rejectUnauthorized: verify, ...cert, ...key, ...crl });
    step = "handshake";
    await waitForOpen(socket, "secureConnect", signal);
    step = "verdict";
    await waitForVerdict(socket, signal);
  } catch (error) {
    socket?.destroy();
    tcp.destroy();
    if (signal.aborted) throw error;
    throw new ConnectError(`libvirt at ${where}: ${explain(error as TlsError, step, pki.names)}`, { cause: error });
  }
  return { socket, peer: `libvirt at ${where} (TLS)`, secure: true };
}

/** Reads exactly the one byte: what follows it belongs to the protocol. */
async function waitForVerdict(socket: TLSSocket, signal: AbortSignal): Promise<void> {
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

/** How far it came. */
type Step = "files" | "handshake" | "verdict";

/** `reason`: OpenSSL's words alone, where they are OpenSSL's; its message has line breaks and its own file names. */
type TlsError = NodeJS.ErrnoException & { readonly reason?: string };

function explain(error: TlsError, step: Step, names: string): string {
  const { code = "" } = error;
  // Node adds what is of no use here: its own option for the system's CAs.
  const reason = oneLine((error.reason ?? error.message).replace(/; if the root CA is installed locally.*$/s, ""));
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `the server's certificate is for another host: ${oneLine(error.message.replace(/^.*altnames: /, ""))}`;
  }
  if (step === "files") return `these certificates cannot be used (${reason}): ${names}`;
  if (step === "verdict" || /alert/i.test(`${code} ${reason}`)) {
    const how = code === "REFUSED" ? "" : ` (${reason})`;
    return `the server does not accept our certificate or address${how}: it needs a valid client certificate of its own CA (${names}) and, if it has tls_allowed_dn_list, a name on it`;
  }
  if (code === "ECONNRESET" || code.startsWith("ERR_SSL_")) {
    return `the service at this port does not speak TLS (${reason}): is it libvirt's TLS port (16514 unless changed)?`;
  }
  return `TLS failed: ${reason} (certificates: ${names})`;
}
