import { loadLibc } from "./libc.ts";

/**
 * Ends this process at once. `process.exit` first waits for Node's threads, one of which may hang: in a look-up of a name, or in a
 * write to a disk that hangs. What is to be written must have been.
 */
export function exitNow(status: number): never {
  try {
    loadLibc().func("void _exit(int status)")(status);
  } catch {
    // There is no libc to be had.
  }
  process.exit(status);
}
