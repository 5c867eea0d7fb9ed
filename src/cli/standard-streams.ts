import { writeSync } from "node:fs";

/** As the shell shows a command that SIGPIPE has ended. */
const BROKEN_PIPE_STATUS = 141;

/**
 * What a command does when its output cannot be written. Its reader may stop reading (`| head`): the command ends
 * quietly. Anything else, such as a full disk, is one line on standard error and status 1. To be called first of all.
 */
export function guardStandardStreams(command: string): void {
  let failure: NodeJS.ErrnoException | null = null;
  process.stdout.on("error", (error) => {
    failure = error;
    process.exit();
  });
  // There is nowhere left to log it.
  process.stderr.on("error", () => undefined);
  // A program that ends right after writing, as with --help, hears of the failure here only.
  process.on("exit", () => {
    const error: NodeJS.ErrnoException | null = failure ?? process.stdout.errored;
    if (error === null) return;
    process.exitCode = error.code === "EPIPE" ? BROKEN_PIPE_STATUS : 1;
    if (error.code !== "EPIPE") writeError(`${command}: the output cannot be written: ${error.message}\n`);
  });
}

function writeError(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // As above.
  }
}
