import type { MessagePort } from "node:worker_threads";

/** What the thread is started with. */
export interface ThreadData {
  readonly port: MessagePort;
  /** One number: how many replies there were. */
  readonly replies: Int32Array;
}

/** To the thread. They are carried out in their order. */
export interface Request {
  readonly id: number;
  readonly operation: string;
  readonly args: readonly unknown[];
}

/** From the thread, one for each request; and one with id 0 when it has begun. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: PlainError };

/** An error without its class, which does not cross. */
export interface PlainError {
  readonly message: string;
  readonly code?: string | undefined;
  /** SQLite's. */
  readonly errcode?: number | undefined;
  /** Of StateFileError. */
  readonly isForeign?: boolean | undefined;
}
