import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { monitorPrograms } from "./programs/index.ts";

/**
 * Runs the monitors of these short names in this process, until SIGTERM.
 * @param parsed what the command line has of `addConfigOptions`
 * @returns the exit status
 */
export async function runMonitors(names: readonly string[], parsed: Record<string, unknown>): Promise<number> {
  startDiskWorkerEarly();
  const { runPrograms } = await import("./daemon.ts");
  const chosen = await Promise.all(names.map((name) => monitorPrograms[name]?.()));
  const group = { command: "masakari-monitors", programs: chosen.filter((one) => one !== undefined) };
  return await runPrograms(group, parsed);
}
