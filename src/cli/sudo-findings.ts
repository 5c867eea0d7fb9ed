import { type Diagnostic, diagnostic } from "../config/diagnostic.ts";
import type { Loaded } from "../config/load.ts";
import { systemClock } from "../system/system-clock.ts";

/** In all: each question has its own limit, and a directory service that does not answer must not make this hang. */
const LIMIT_MS = 60_000;

/**
 * A warning for each command of the process list that sudo would refuse to this user; none for root, whose commands need none.
 * @param canSudo whether sudo can work for the monitor, if that is another question than for this process
 */
export async function sudoFindings(
  { config }: Loaded,
  program: string,
  canSudo?: () => boolean,
): Promise<readonly Diagnostic[]> {
  if (!program.endsWith("processmonitor") || process.getuid?.() === 0) return [];
  const { loadProcessList } = await import("../config/process-list.ts");
  const { missingSudoRights } = await import("../process/sudo-rights.ts");
  const { entries, file } = await loadProcessList(config.process.process_list_path);
  const problems = await missingSudoRights(
    entries,
    { clock: systemClock, ...(canSudo && { canSudo }) },
    AbortSignal.timeout(LIMIT_MS),
  );
  return problems.map((problem) =>
    diagnostic("warning", { file, line: undefined }, `sudo -n refuses this user a command: ${problem}`),
  );
}
