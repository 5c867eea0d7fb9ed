import { workerData } from "node:worker_threads";
import type { DiskOperations } from "./calls.ts";
import type { PlainError, Reply, Request, ThreadData } from "./protocol.ts";

/** On the thread: carries out what is asked for, until the process ends. */
export function serveDiskThread(operations: DiskOperations): void {
  const { port, replies } = workerData as ThreadData;
  const reply = (message: Reply): void => {
    port.postMessage(message);
    Atomics.add(replies, 0, 1);
    Atomics.notify(replies, 0);
  };
  port.on("message", (request: Request) => reply(carriedOut(request, operations)));
  reply({ id: 0, value: undefined });
}

function carriedOut({ id, operation, args }: Request, operations: DiskOperations): Reply {
  try {
    return { id, value: operations[operation]?.(...args) };
  } catch (error) {
    const { message, code, errcode, isForeign } = error as PlainError;
    return { id, error: { message, code, errcode, isForeign } };
  }
}
