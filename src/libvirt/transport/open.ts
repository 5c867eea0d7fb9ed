import type { Target } from "../uri.ts";
import type { Stream } from "./stream.ts";

/**
 * Connects; for TLS it has also waited for the server's verdict on our certificate.
 * @throws ConnectError, or the signal's reason
 */
export async function openStream(target: Target, readOnly: boolean, signal: AbortSignal): Promise<Stream> {
  const { transport } = target;
  switch (transport.kind) {
    case "unix": {
      const { openUnix } = await import("./unix.ts");
      return await openUnix(transport, target.driver, readOnly, signal);
    }
    case "tcp": {
      const { openTcp } = await import("./tcp.ts");
      return await openTcp(transport, signal);
    }
    case "tls": {
      const { openTls } = await import("./tls.ts");
      return await openTls(transport, signal);
    }
  }
}
