import { closeSync, openSync } from "node:fs";

// As disk-thread-operations.ts, but it begins only when somebody opens the other end of the named pipe DISK_THREAD_PIPE.
closeSync(openSync(process.env["DISK_THREAD_PIPE"] ?? "", "r"));
await import("./disk-thread-operations.ts");
