import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Server as SecureServer } from "node:https";
import { CertificateRenewal, type RenewalParts } from "../system/certificate-renewal.ts";

const VERSION = { minVersion: "TLSv1.2" } as const;

/** How a listener encrypts. */
export class ListenerTls {
  readonly #renewal: CertificateRenewal;
  #server: SecureServer | undefined;

  constructor(parts: RenewalParts) {
    this.#renewal = new CertificateRenewal(parts);
  }

  /** @throws if the files cannot be used */
  async createServer(options: ServerOptions, listener: RequestListener): Promise<Server> {
    const certificate = await this.#renewal.read();
    const { createServer } = await import("node:https");
    const handshakeTimeout = options.requestTimeout;
    this.#server = createServer({ ...options, ...certificate, ...VERSION, handshakeTimeout }, listener);
    return this.#server;
  }

  /** Has the server use what the files become, until the signal aborts. */
  async keepCurrent(signal: AbortSignal): Promise<void> {
    await this.#renewal.watch((certificate) => this.#server?.setSecureContext({ ...certificate, ...VERSION }), signal);
  }

  /** Reads the files now: SIGHUP. Never throws. */
  async reread(): Promise<void> {
    await this.#renewal.reread();
  }
}
