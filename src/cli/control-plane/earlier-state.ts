import { existsSync } from "node:fs";
import { databaseOf, defaultStateDir } from "./options.ts";
import { StartError } from "./start-error.ts";

/** What `--state-dir` was by default until 2026-11-29. */
const earlierDefault = "/var/lib/masakarimonitors/control-plane";

/**
 * A control plane that has its state where it was by default must not begin anew elsewhere: its segments and hosts would be gone.
 * @throws StartError
 */
export function requireNoEarlierState(
  stateDir: string,
  defaults = { now: defaultStateDir, earlier: earlierDefault },
): void {
  if (stateDir !== defaults.now || existsSync(databaseOf({ stateDir }))) return;
  if (!existsSync(databaseOf({ stateDir: defaults.earlier }))) return;
  throw new StartError(
    `the state is still in ${defaults.earlier}, where it was by default before: move that directory to ${stateDir}, or give --state-dir ${defaults.earlier}`,
  );
}
