import type { CommandResult } from "../system/exec.ts";
import { runCommand } from "../system/exec.ts";
import { serviceOfProcess } from "../system/service-of-process.ts";
import { type Eyes, type EyesParts, lookSoon, type Observe, stopWatchingFor, watchFor } from "./eyes.ts";
import type { ProcessEffect } from "./observation.ts";
import { runningPackageManager } from "./package-manager.ts";
import type { Systemd } from "./systemd.ts";

export interface ActParts extends EyesParts {
  readonly systemd: Pick<Systemd, "ask">;
  /** Of a process: which systemd service it belongs to. */
  readonly serviceOf?: ((pid: number | "self") => string | undefined) | undefined;
}

/** Carries out one effect of the process monitor. What it comes to is observed; it never throws for what a command does. */
export async function act(
  effect: ProcessEffect,
  eyes: Eyes,
  parts: ActParts,
  observe: Observe,
  signal: AbortSignal,
): Promise<void> {
  const { clock, systemd } = parts;
  switch (effect.kind) {
    case "scan":
      return lookSoon(eyes, parts, observe);
    case "watch": {
      const { key, process } = effect;
      if (!watchFor(eyes, parts, effect)) {
        observe({ kind: "exited", at: clock.now(), process });
        return;
      }
      const unit = (parts.serviceOf ?? serviceOfProcess)(process.pid);
      // What a command of ours has started and left behind in our own control group is nobody's service.
      if (unit === undefined || unit === (parts.serviceOf ?? serviceOfProcess)("self")) return;
      observe({ kind: "unitFound", at: clock.now(), key, process, unit });
      return;
    }
    case "unwatch":
      return stopWatchingFor(eyes, effect.key);
    case "run": {
      const { key, run, stage } = effect;
      parts.log.info(`${key}: ${stage} runs: ${effect.command}`);
      const result = await runCommand(effect.command, { ...effect, ...hooks(eyes), clock }, signal);
      report(`${key}: ${stage}`, result, parts);
      // Left to itself, it has not failed: the next start of the monitor sees what has become of it.
      if (result.outcome === "left-running") return;
      const succeeded = result.outcome === "exited" && result.code === 0;
      observe({ kind: "commandEnded", at: clock.now(), key, run, succeeded, summary: result.summary });
      return;
    }
    case "askSystemd": {
      const { key, unit } = effect;
      const answer = await systemd.ask(unit, signal);
      const packageManager = answer?.unit?.active === "inactive" ? runningPackageManager(parts.table) : undefined;
      observe({ kind: "systemd", at: clock.now(), key, answer: answer && { ...answer, packageManager } });
    }
  }
}

/** What runs for us is no service that is watched. */
export function hooks(eyes: Eyes) {
  return {
    onStart: (pid: number) => void eyes.commands.add(pid),
    onEnd: (pid: number) => void eyes.commands.delete(pid),
  };
}

/** The output, line by line; how a failure is told is decided where its consequence is known. */
function report(what: string, result: CommandResult, { log }: EyesParts): void {
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
