import type { RequestListener, Server, ServerOptions } from "node:http";
import { readTextFile } from "../config/text-file.ts";

/** How a listener encrypts. */
export interface ListenerTls {
  /** @throws if the files cannot be used */
  createServer(options: ServerOptions, listener: RequestListener): Promise<Server>;
}

/** @param certFile PEM, of the certificate and those that signed it @param keyFile PEM; the certificate's if empty */
export function listenerTls(certFile: string, keyFile: string): ListenerTls {
  return {
    async createServer(options, listener) {
      const cert = read(certFile, "tls_cert_file");
      const key = keyFile === "" ? cert : read(keyFile, "tls_key_file");
      const { createServer } = await import("node:https");
      const handshakeTimeout = options.requestTimeout;
      return createServer({ ...options, cert, key, minVersion: "TLSv1.2", handshakeTimeout }, listener);
    },
  };
}

function read(file: string, option: string): string {
  const found = readTextFile(file);
  if ("reason" in found) throw new Error(`[metrics] ${option}: ${file} ${found.reason}`);
  return found.text;
}
