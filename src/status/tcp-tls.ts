import type { RequestListener, Server, ServerOptions } from "node:http";
import { messageOf } from "../system/message-of.ts";

/** How a listener encrypts. */
export interface ListenerTls {
  /** @throws if the files cannot be used */
  createServer(options: ServerOptions, listener: RequestListener): Promise<Server>;
}

/** @param certFile PEM, of the certificate and those that signed it @param keyFile PEM; the certificate's if empty */
export function listenerTls(certFile: string, keyFile: string): ListenerTls {
  return {
    async createServer(options, listener) {
      const [{ createServer }, cert, key] = await Promise.all([
        import("node:https"),
        read(certFile, "tls_cert_file"),
        read(keyFile || certFile, keyFile === "" ? "tls_cert_file" : "tls_key_file"),
      ]);
      return createServer({ ...options, cert, key, minVersion: "TLSv1.2" }, listener);
    },
  };
}

async function read(file: string, option: string): Promise<Buffer> {
  try {
    const { readFile } = await import("node:fs/promises");
    return await readFile(file);
  } catch (cause) {
    throw new Error(`[metrics] ${option} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
