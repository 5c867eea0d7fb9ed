import { type ChildProcess, type ChildProcessByStdio, type SpawnOptions, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Clock, Timer } from "./clock.ts";
import { commandEnvironment } from "./command-environment.ts";
import { type CapturedOutput, captureOutput } from "./command-output.ts";
import { lackForSpawn } from "./descriptors.ts";
import { startFailure } from "./start-failure.ts";
import { canUseSudo, commandWords } from "./sudo-words.ts";
import type { WaitingCommand } from "./waiting-command.ts";

/** What running a command came to. Only `exited` with code 0 is success: output on stderr is just output. */
export interface CommandResult {
  readonly outcome: "exited" | "timed-out" | "not-started" | "left-running";
  /** The exit code of an `exited` command; undefined if a signal ended it. */
  readonly code: number | undefined;
  /** One phrase for a log line, e.g. `exited with code 3 after 0.2 s`. */
  readonly summary: string;
  readonly stdout: CapturedOutput;
  readonly stderr: CapturedOutput;
}

export interface CommandOptions {
  /** Run it by `sudo -n` unless this process is root's, or sudo cannot work and systemd does the work (`sudo-words.ts`). */
  readonly asRoot: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Called with the pid once the command runs, and again when it has ended. */
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onEnd?: ((pid: number) => void) | undefined;
  /** Bytes of each stream that are kept, its last ones; default 16 KiB. */
  readonly outputLimit?: number;
  /** Added to this process's environment, also what is secret by its name. */
  readonly env?: Readonly<Record<string, string>>;
  /** It only reads: when `signal` aborts it is ended, not left running. */
  readonly endOnAbort?: boolean;
  /** A process that was made for the very same command, and environment, beforehand. */
  readonly waiting?: WaitingCommand | undefined;
}

type Child = ChildProcessByStdio<null | Writable, Readable, Readable> & { readonly pid: number };

const OUTPUT_LIMIT = 16 * 1024;
const KILL_AFTER_MS = 5000;
/** After KILL: a process in uninterruptible sleep does not end. */
const GIVE_UP_AFTER_MS = 2000;
/** What a command that is waited for at shutdown is given before it is left to itself. */
const SHUTDOWN_GRACE_MS = 2000;
/** The output of a command that has exited is there at once, unless a daemon that it started holds the pipes. */
const OUTPUT_GRACE_MS = 50;
const NO_OUTPUT: CapturedOutput = { text: "", dropped: 0 };

/**
 * Runs one command as upstream does: split on white space unless it comes as words, no shell, this process's environment but for its secrets. It gets a process group
 * of its own, so that the time-out ends all of it and a Ctrl-C of ours none of it: TERM, then KILL after 5 s.
 * It resolves when the command itself has exited, whatever daemons it leaves behind. When `signal` aborts, the command is
 * left running after 2 s: a service must not stay half restarted because its monitor stops. It never rejects.
 */
export async function runCommand(
  command: string | readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const words = typeof command === "string" ? command.split(/\s+/).filter((word) => word !== "") : command;
  const isRoot = process.getuid?.() === 0;
  const used = isRoot ? words : commandWords(words, options.asRoot, canUseSudo);
  const sudo = used.length > words.length ? used.slice(0, used.length - words.length) : [];
  const [program, ...args] = used;
  if (!program || words.length === 0) return notStarted("there is no command");
  if (signal.aborted) return notStarted("not started: the monitor is stopping");
  const child =
    options.waiting?.begin() ??
    (await start(program, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...commandEnvironment(process.env), ...options.env },
    }));
  if (child instanceof Error) return notStarted(startFailure(program, child));
  return await awaitExit(child as Child, sudo, options, signal);
}

/**
 * Starts a process without the secrets of our environment. Where no descriptor, process or memory is left, Node throws or
 * emits an error, before or after it has made the pipes: the error is returned.
 */
function start(program: string, args: readonly string[], options: SpawnOptions): ChildProcess | Promise<Error> {
  const lack = lackForSpawn();
  if (lack !== undefined) return Promise.resolve(lack);
  try {
    const child = spawn(program, args, { env: commandEnvironment(process.env), ...options });
    const failed = new Promise<Error>((resolve) => child.once("error", resolve));
    return child.pid === undefined ? failed : child;
  } catch (error) {
    return Promise.resolve(error as Error);
  }
}

function awaitExit(
  child: Child,
  sudo: readonly string[],
  options: CommandOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const { clock, onStart, onEnd, outputLimit = OUTPUT_LIMIT } = options;
  const { pid } = child;
  const startedAt = clock.now().mono;
  const stdout = captureOutput(child.stdout, outputLimit);
  const stderr = captureOutput(child.stderr, outputLimit);
  const elapsed = () => lengthOf(clock.now().mono - startedAt);
  const limit = `did not end within ${options.timeoutMs / 1000} s`;
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  let timer: Timer | undefined;
  let graceTimer: Timer | undefined;
  let timedOut = false;

  const settle = (outcome: CommandResult["outcome"], code: number | undefined, summary: string) => {
    timer?.cancel();
    graceTimer?.cancel();
    signal.removeEventListener("abort", onAbort);
    child.unref();
    (child.stdout as Socket).unref();
    (child.stderr as Socket).unref();
    resolve({ outcome, code, summary, stdout: stdout.take(), stderr: stderr.take() });
  };
  const expire = () => {
    timedOut = true;
    signalGroup(pid, "TERM", sudo);
    timer = clock.setTimer(KILL_AFTER_MS, () => {
      signalGroup(pid, "KILL", sudo);
      timer = clock.setTimer(GIVE_UP_AFTER_MS, () =>
        settle("timed-out", undefined, `${limit}, nor could it be killed`),
      );
    });
  };
  const onAbort = () => {
    if (options.endOnAbort) signalGroup(pid, "TERM", sudo);
    graceTimer = clock.setTimer(SHUTDOWN_GRACE_MS, () =>
      settle("left-running", undefined, `is left running after ${elapsed()}: the monitor is stopping`),
    );
  };

  child.once("exit", (code, endedBy) => {
    onEnd?.(pid);
    timer?.cancel();
    const how = code === null ? `was ended by ${endedBy}` : `exited with code ${code}`;
    // The command itself is gone; what it leaves of its group has the same 5 s.
    if (timedOut) clock.setTimer(KILL_AFTER_MS, () => signalGroup(pid, "KILL", sudo));
    const finish = () => {
      if (timedOut) settle("timed-out", undefined, limit);
      else settle("exited", code ?? undefined, `${how} after ${elapsed()}`);
    };
    child.once("close", finish);
    timer = clock.setTimer(OUTPUT_GRACE_MS, finish);
  });
  onStart?.(pid);
  timer = clock.setTimer(options.timeoutMs, expire);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}

/** What runs as root by sudo takes no signal from us, so sudo has to send it. */
function signalGroup(pid: number, name: "TERM" | "KILL", sudo: readonly string[]): void {
  try {
    process.kill(-pid, `SIG${name}`);
  } catch (error) {
    const [program, ...args] = sudo;
    if (!program || (error as NodeJS.ErrnoException).code !== "EPERM") return;
    const killer = start(program, [...args, "kill", `-${name}`, "--", `-${pid}`], { stdio: "ignore" });
    // If it cannot be started, the command could not be ended, which the result contains.
    if (!(killer instanceof Promise)) killer.unref();
  }
}

function notStarted(summary: string): CommandResult {
  return { outcome: "not-started", code: undefined, summary, stdout: NO_OUTPUT, stderr: NO_OUTPUT };
}

/** Most commands take so little that in seconds it would be 0.0. */
const lengthOf = (ms: number): string => (ms < 50 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
