/** File operations by name. Each returns when it is done: none is asynchronous. Arguments and results are plain data (structured clone), since they may cross to another thread. */
// biome-ignore lint/suspicious/noExplicitAny: each operation has arguments of its own
export type DiskOperations = Readonly<Record<string, (...args: any[]) => unknown>>;

/** Runs file operations; who calls does not know on which thread. */
export interface DiskCalls<Operations extends DiskOperations> {
  /**
   * Runs one operation and waits for it.
   * @throws what it throws, or DiskHungError
   */
  call<Name extends keyof Operations & string>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): ReturnType<Operations[Name]>;
  /**
   * As `call`, without holding up the event loop. Of several calls, the earlier one is run first.
   * @returns rejects with what the operation throws, or with DiskHungError
   */
  callLater<Name extends keyof Operations & string>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>>;
}

/** The disk has not completed an operation in time. The operation may still be carried out, whenever the disk responds. */
export class DiskHungError extends Error {
  readonly code = "DISK_HUNG";
  override readonly name = "DiskHungError";
}

/** Runs the operations on the thread that calls: it waits for as long as the disk does. */
export function directDiskCalls<Operations extends DiskOperations>(operations: Operations): DiskCalls<Operations> {
  const call: DiskCalls<Operations>["call"] = (name, ...args) =>
    operations[name]?.(...args) as ReturnType<Operations[typeof name]>;
  return { call, callLater: async (name, ...args) => call(name, ...args) };
}
