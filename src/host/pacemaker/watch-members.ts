import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "../../system/clock.ts";
import { commandEnvironment, systemPath } from "../../system/command-environment.ts";
import { lackForSpawn } from "../../system/descriptors.ts";
import { printable } from "../../system/printable.ts";
import { startFailure } from "../../system/start-failure.ts";

export interface WatchParts {
  readonly clock: Clock;
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onEnd?: ((pid: number) => void) | undefined;
  /** A member joined or left. */
  readonly onChange: () => void;
  /** The watch was established and has ended: this host's Corosync has stopped, or restarted. */
  readonly onInterruption: () => void;
  /** Why changes are not reported now; undefined once they are. */
  readonly onProblem: (problem: string | undefined) => void;
}

/** A watch that stands for so long, ms, is established. */
const ESTABLISHED_MS = 3000;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 60_000];

/**
 * Reports each change of Corosync's membership within milliseconds, by `corosync-cmapctl -T`, which needs no configuration of the
 * cluster. It is started again for as long as the signal has not aborted.
 */
export async function watchMembers(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const { clock, onProblem, onInterruption } = parts;
  let pause = SHORTEST_PAUSE_MS;
  while (!signal.aborted) {
    let established = false;
    const timer = clock.setTimer(ESTABLISHED_MS, () => {
      established = true;
      pause = SHORTEST_PAUSE_MS;
      onProblem(undefined);
    });
    const reason = await watchOnce(parts, signal);
    timer.cancel();
    if (signal.aborted) return;
    onProblem(reason);
    if (established) onInterruption();
    await clock.sleep(pause, signal).catch(() => undefined);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** @returns why it ended */
function watchOnce({ onChange, onStart, onEnd }: WatchParts, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = startWatch();
  if (child instanceof Error) return Promise.resolve(`stdbuf ${startFailure("stdbuf", child)}`);
  let lastError = "";
  if (child.pid !== undefined) onStart?.(child.pid);
  const end = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", end, { once: true });
  createInterface({ input: child.stdout }).on("line", onChange);
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastError = printable(line).slice(0, 200);
  });
  const settle = (reason: string): void => {
    signal.removeEventListener("abort", end);
    if (child.pid !== undefined) onEnd?.(child.pid);
    resolve(lastError || reason);
  };
  child.once("error", (error) => settle(`stdbuf ${startFailure("stdbuf", error)}`));
  child.once("close", (code) => settle(`corosync-cmapctl exited with code ${code}`));
  return promise;
}

/** It ends with its stdin. Into a pipe cmapctl would write nothing before 4 KiB are full. */
function startWatch(): ChildProcessByStdio<Writable, Readable, Readable> | Error {
  const words = ["-oL", "corosync-cmapctl", "-T", "runtime.members."];
  const env = { ...commandEnvironment(process.env), PATH: systemPath(process.env), LC_ALL: "C" };
  const lack = lackForSpawn();
  if (lack !== undefined) return lack;
  try {
    return spawn("stdbuf", words, { stdio: ["pipe", "pipe", "pipe"], env });
  } catch (error) {
    return error as Error;
  }
}
