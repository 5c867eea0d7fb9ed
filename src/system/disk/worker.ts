import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { ThreadData } from "./protocol.ts";

/** A thread that was started, and how to reach it. */
export interface DiskWorker {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Counts the thread's replies; the caller sleeps on it. */
  readonly replies: Int32Array;
  /** Why it ended, if that was before anybody could have heard of it. */
  ended: Error | undefined;
}

/**
 * Starts a thread and does not wait until it runs. It does not keep the program running.
 * @param module what the thread runs, or its absolute path: it calls `serveDiskThread`
 * @throws where no thread can be started
 */
export function startDiskWorker(module: URL | string): DiskWorker {
  const { port1: port, port2 } = new MessageChannel();
  const replies = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ThreadData = { port: port2, replies };
  const worker = new Worker(module, { workerData, transferList: [port2], name: "disk" });
  const started: DiskWorker = { worker, port, replies, ended: undefined };
  worker.on("error", (error: Error) => {
    started.ended ??= error;
  });
  worker.on("exit", () => {
    started.ended ??= new Error("the thread that writes to disk has ended");
  });
  worker.unref();
  port.unref();
  return started;
}
