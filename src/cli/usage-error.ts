import { type Command, CommanderError } from "commander";

/** As argparse's, which the Python programs have; 1 is "degraded", "held" or "differs" of some commands. */
const WRONG_COMMAND_LINE = 2;

/**
 * Parses the command line and carries it out. Exit status 2, after commander's line on standard error, if the command line itself is wrong.
 * @throws what an action throws
 */
export async function parseCommandLine(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_COMMAND_LINE;
  }
}
