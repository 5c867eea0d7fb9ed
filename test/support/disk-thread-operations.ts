import { closeSync, openSync, writeFileSync } from "node:fs";
import { serveDiskThread } from "../../src/system/disk/serve-thread.ts";

/** What the thread of disk/thread.test.ts can do. Opening a named pipe waits in the kernel until somebody opens its other end. */
export const operations = {
  double: (value: number) => value * 2,
  fail(): void {
    throw Object.assign(new Error("no room"), { code: "ENOSPC", errcode: 13 });
  },
  openToRead(path: string): void {
    closeSync(openSync(path, "r"));
  },
  /** Creates a file, then waits as `openToRead` does. */
  writeAndOpenToRead(written: string, path: string): void {
    writeFileSync(written, "");
    closeSync(openSync(path, "r"));
  },
  write: (path: string) => writeFileSync(path, ""),
  end(): void {
    process.exit();
  },
};

// The test itself imports the types only.
serveDiskThread(operations);
