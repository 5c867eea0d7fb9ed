import type { Command } from "commander";
import { addConfigOptions } from "./config-options.ts";
import { startDiskWorkerEarly } from "./early-disk-worker.ts";
import { monitorsNamed } from "./monitor-names.ts";
import { monitorPrograms } from "./programs/index.ts";

/** Registers `run`: several monitors in one process, which costs the memory of one Node instead of several. */
export function addRunCommand(program: Command): void {
  addConfigOptions(program.command("run"))
    .description("run several monitors in one process, until SIGTERM; each is as independent as a separate program")
    .argument("[MONITOR...]", `which ones: ${Object.keys(monitorPrograms).join(", ")}; all of them without a name`)
    .action(async (names: string[], options: Record<string, unknown>) => {
      const wanted = names.length === 0 ? Object.keys(monitorPrograms) : monitorsNamed(names);
      startDiskWorkerEarly();
      const { runPrograms } = await import("./daemon.ts");
      const chosen = await Promise.all(wanted.map((name) => monitorPrograms[name]?.()));
      const group = { command: "masakari-monitors", programs: chosen.filter((one) => one !== undefined) };
      process.exitCode = await runPrograms(group, options);
    });
}
