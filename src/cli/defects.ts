import { exitNow } from "../system/exit.ts";
import type { Logger } from "../system/log.ts";
import type { OpenLog } from "../system/logging/open-log.ts";

/** A defect must not leave a process that lives on and watches nothing: it ends, for the service manager to restart it. */
export function endOnDefect(opened: OpenLog): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      try {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        opened.log.critical(`Defect, the program ends: ${text}`);
        opened.flush();
      } finally {
        exitNow(70);
      }
    });
  }
}

/**
 * Node writes its warnings to standard error, and waits there until somebody reads them. What is experimental in Node was chosen by us,
 * and nobody else can change it: `bin/launch` turns those warnings off, but only in Node's own listener.
 */
export function logWarnings(log: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    if (name !== "ExperimentalWarning") log.warning(`${name} of Node: ${message}`);
  });
}
