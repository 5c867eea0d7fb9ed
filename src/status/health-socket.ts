import { messageOf } from "../system/message-of.ts";
import { inodeAt, isDisplaced } from "../system/same-inode.ts";
import { type HealthServerParts, serveHealth } from "./server.ts";

/** A server of health that is started again when its socket was deleted with its directory, or could not be created before. */
export class HealthSocket {
  readonly #parts: HealthServerParts;
  readonly #signal: AbortSignal;
  #inode: number | undefined;
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #complaint: string | undefined;

  /** @param signal ends it */
  constructor(parts: HealthServerParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Resolves when it is served, or it is in the log that it cannot be. */
  async start(): Promise<void> {
    this.#stop = new AbortController();
    await new Promise<void>((resolve) => {
      const onListening = (): void => {
        this.#inode = inodeAt(this.#parts.path);
        this.#complaint = undefined;
        resolve();
      };
      const signal = AbortSignal.any([this.#signal, this.#stop.signal]);
      const { path, log } = this.#parts;
      this.#ended = serveHealth({ ...this.#parts, log: this.#withoutRepetition(), onListening }, signal)
        .catch((error: unknown) => log.error(`Defect in serving health on ${path}: ${messageOf(error)}`))
        .finally(resolve);
    });
  }

  /** Serves it again if its socket is not there. @returns whether it was there before, and is there again */
  async renew(): Promise<boolean> {
    if (this.#inode !== undefined && !isDisplaced(this.#parts.path, this.#inode)) return false;
    const before = this.#inode;
    this.#inode = undefined;
    this.#stop.abort();
    await this.#ended;
    if (!this.#signal.aborted) await this.start();
    return before !== undefined && this.#inode !== undefined;
  }

  /** Resolves when it has ended for good. */
  async ended(): Promise<void> {
    if (!this.#signal.aborted) {
      await new Promise((resolve) => this.#signal.addEventListener("abort", resolve, { once: true }));
    }
    await this.#ended;
  }

  /** It is tried every few seconds; why it fails is logged once. */
  #withoutRepetition(): HealthServerParts["log"] {
    const { log } = this.#parts;
    return {
      ...log,
      error: (message) => log.error(message),
      warning: (message) => {
        if (message !== this.#complaint) log.warning(message);
        this.#complaint = message;
      },
    };
  }
}
