import type { Observe } from "../monitor/contract.ts";
import type { Clock } from "../system/clock.ts";
import { type CommandResult, runCommand } from "../system/exec.ts";
import type { Logger } from "../system/log.ts";
import type { ProcTable } from "../system/proc-table.ts";
import { serviceOfProcess } from "../system/service-of-process.ts";
import type { Looks } from "./looks.ts";
import type { ProcessEffect, ProcessObservation } from "./observation.ts";
import type { OwnCommands } from "./own-commands.ts";
import { runningPackageManager } from "./package-manager.ts";
import type { Systemd } from "./systemd.ts";
import type { WatchedProcesses } from "./watched-processes.ts";

export interface ActParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly table: ProcTable;
  readonly looks: Looks;
  readonly watched: WatchedProcesses;
  readonly commands: OwnCommands;
  readonly systemd: Pick<Systemd, "ask">;
  /** `[notifications] shadow`: no command is run, and each counts as successful, as another monitor's is expected to be. */
  readonly shadow: boolean;
  /** Of a process: which systemd service it belongs to. */
  readonly serviceOf?: ((pid: number | "self") => string | undefined) | undefined;
}

/** Carries out one effect of the process monitor. Its result is observed; it never throws for what a command does. */
export async function act(
  effect: ProcessEffect,
  parts: ActParts,
  observe: Observe<ProcessObservation>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, looks, watched, commands, systemd, serviceOf = serviceOfProcess } = parts;
  switch (effect.kind) {
    case "scan":
      return looks.request(effect.key, observe);
    case "watch": {
      const { key, process, whole } = effect;
      if (!watched.watch(key, process, whole)) {
        observe({ kind: "exited", at: clock.now(), process, keys: [key] });
        return;
      }
      const unit = serviceOf(process.pid);
      // What a command of ours has started and left behind in our own control group belongs to no other service.
      if (unit === undefined || unit === serviceOf("self")) return;
      observe({ kind: "unitFound", at: clock.now(), key, process, unit });
      return;
    }
    case "unwatch":
      return watched.unwatch(effect.key);
    case "run": {
      const { key, run, stage } = effect;
      if (parts.shadow) {
        parts.log.info(`${key}: ${stage} would run, but [notifications] shadow is set: ${effect.command}`);
        observe({ kind: "commandEnded", at: clock.now(), key, run, succeeded: true, summary: "was not run" });
        return;
      }
      parts.log.info(`${key}: ${stage} runs: ${effect.command}`);
      const result = await runCommand(effect.command, { ...effect, ...commands.hooks, clock }, signal);
      logResult(`${key}: ${stage}`, result, parts.log);
      // Left running, it has not failed: the next start of the monitor finds what it has done.
      if (result.outcome === "left-running") return;
      const succeeded = result.outcome === "exited" && result.code === 0;
      observe({ kind: "commandEnded", at: clock.now(), key, run, succeeded, summary: result.summary });
      return;
    }
    case "askSystemd": {
      const { key, unit } = effect;
      const status = await systemd.ask(unit, signal);
      const packageManager = status?.unit?.active === "inactive" ? runningPackageManager(parts.table) : undefined;
      observe({ kind: "systemd", at: clock.now(), key, status: status && { ...status, packageManager } });
    }
  }
}

/** The output, line by line; a failure is logged by `decide`, where its consequence is known. */
function logResult(what: string, result: CommandResult, log: Logger): void {
  for (const [name, output] of [
    ["stdout", result.stdout],
    ["stderr", result.stderr],
  ] as const) {
    if (output.dropped > 0) log.warning(`${what} ${name}: the first ${output.dropped} bytes are left out`);
    for (const line of output.text.split("\n")) {
      if (line.trim() === "") continue;
      if (name === "stderr") log.warning(`${what} stderr: ${line}`);
      else log.info(`${what} stdout: ${line}`);
    }
  }
  if (result.outcome === "left-running") log.warning(`${what} ${result.summary}`);
  else log.debug(`${what} ${result.summary}`);
}
