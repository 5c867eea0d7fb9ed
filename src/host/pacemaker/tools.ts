import type { Clock } from "../../system/clock.ts";
import { commandEnvironment, systemPath } from "../../system/command-environment.ts";
import { type CommandResult, runCommand } from "../../system/exec.ts";
import { printable } from "../../system/printable.ts";
import { WaitingCommand } from "../../system/waiting-command.ts";

/**
 * What asking the cluster by one of its programs came to. `denied`: this user may not, neither directly nor by `sudo -n`. `notRunning`:
 * the cluster stack does not run here. `hung`: no end within the limit, or the one before still runs.
 */
export type ToolResult =
  | { readonly kind: "output"; readonly text: string; readonly code: number }
  | { readonly kind: "denied" | "missing" | "notRunning" | "hung" | "failed"; readonly reason: string };

export interface ToolsParts {
  readonly clock: Clock;
  readonly onStart?: ((pid: number) => void) | undefined;
  readonly onEnd?: ((pid: number) => void) | undefined;
}

interface ToolOptions {
  readonly timeoutMs: number;
  /** Bytes of output beyond which it is not understood. */
  readonly outputLimit: number;
  /** Exit codes whose output is used; default only 0. */
  readonly codes?: readonly number[];
  /** It is part of every look: `prepare` makes a process for the next run of it. */
  readonly often?: boolean;
}

/** A member of the cluster with 1,000 remotes has 2 MB of status. */
export const DOCUMENT_LIMIT = 16 * 1024 * 1024;
/** sudo may report each refusal to the administrator. */
const SUDO_AGAIN_MS = 60_000;
/** crm_mon, crmadmin: "Insufficient privileges", "Not connected" (pacemaker's crm_exit_t). */
const [INSUFFICIENT_PRIVILEGES, NOT_CONNECTED] = [4, 102];

/**
 * Runs the cluster's programs with what rights there are: directly as root, hacluster or a member of haclient, else by
 * `sudo -n` as sudoers permits it. A program that did not end is not started again beside itself.
 */
export class Tools {
  readonly #parts: ToolsParts;
  /** Programs that this user runs by sudo, because it may not run them directly. */
  readonly #bySudo = new Set<string>();
  /** When sudo refused a program, ms of monotonic time. */
  readonly #refusedAt = new Map<string, number>();
  readonly #running = new Set<string>();
  /** The words of what is run often, and came to output the last time, by the same words as text. */
  readonly #often = new Map<string, readonly string[]>();
  /** By the same text. */
  readonly #waiting = new Map<string, WaitingCommand>();

  constructor(parts: ToolsParts) {
    this.#parts = parts;
  }

  async run(words: readonly [string, ...string[]], options: ToolOptions, signal: AbortSignal): Promise<ToolResult> {
    const [program] = words;
    if (process.geteuid?.() === 0) return await this.#runAs([], words, options, signal);
    if (this.#bySudo.has(program)) {
      const result = await this.#runAs(["sudo", "-n"], words, options, signal);
      if (result.kind !== "denied") return result;
      this.#bySudo.delete(program);
      this.#refusedAt.set(program, this.#parts.clock.now().mono);
    }
    const direct = await this.#runAs([], words, options, signal);
    if (direct.kind === "output" || isBeyondRights(program, direct.kind)) return direct;
    if (this.#isRefused(program)) return { kind: "denied", reason: direct.reason };
    const result = await this.#runAs(["sudo", "-n"], words, options, signal);
    if (result.kind === "denied") {
      this.#refusedAt.set(program, this.#parts.clock.now().mono);
      return { kind: "denied", reason: `${direct.reason}; sudo -n: ${result.reason}` };
    }
    this.#bySudo.add(program);
    return result;
  }

  /** Makes the processes that the next look needs. Takes as long as starting them would then: for a time when nothing is urgent. */
  prepare(): void {
    const { onStart, onEnd } = this.#parts;
    for (const [text, words] of this.#often) {
      if (this.#waiting.has(text)) continue;
      const waiting = WaitingCommand.start(words, { ...commandEnvironment(process.env), ...environment() });
      if (waiting === undefined) return;
      this.#waiting.set(text, waiting);
      const { pid } = waiting;
      onStart?.(pid);
      waiting.onceEnded(() => {
        onEnd?.(pid);
        if (this.#waiting.get(text) === waiting) this.#waiting.delete(text);
      });
    }
  }

  /** Ends what `prepare` has made. */
  endPrepared(): void {
    for (const waiting of this.#waiting.values()) waiting.end();
    this.#waiting.clear();
  }

  #isRefused(program: string): boolean {
    const at = this.#refusedAt.get(program);
    return at !== undefined && this.#parts.clock.now().mono - at < SUDO_AGAIN_MS;
  }

  async #runAs(
    sudo: readonly string[],
    words: readonly [string, ...string[]],
    { timeoutMs, outputLimit, codes = [0], often = false }: ToolOptions,
    signal: AbortSignal,
  ): Promise<ToolResult> {
    const command = words.join(" ");
    if (this.#running.has(command)) {
      return { kind: "hung", reason: `${command}: an earlier run of it has not ended` };
    }
    this.#running.add(command);
    const { clock, onStart, onEnd } = this.#parts;
    const all = [...sudo, ...words];
    const text = all.join(" ");
    const waiting = this.#waiting.get(text);
    this.#waiting.delete(text);
    const ran = await runCommand(
      all,
      {
        waiting,
        asRoot: false,
        timeoutMs,
        clock,
        outputLimit,
        endOnAbort: true,
        env: environment(),
        onStart,
        onEnd: (pid) => {
          this.#running.delete(command);
          onEnd?.(pid);
        },
      },
      signal,
    );
    if (ran.outcome === "not-started") this.#running.delete(command);
    const result = resultOf(command, ran, codes, sudo.length > 0);
    if (often && result.kind === "output") this.#often.set(text, all);
    else this.#often.delete(text);
    return result;
  }
}

const environment = (): Readonly<Record<string, string>> => ({ PATH: systemPath(process.env), LC_ALL: "C" });

/** More rights would not change the result. cibadmin and corosync-quorumtool report a missing right as "not running". */
function isBeyondRights(program: string, kind: ToolResult["kind"]): boolean {
  if (kind === "notRunning") return program === "crm_mon" || program === "crmadmin";
  return kind === "missing" || kind === "hung";
}

function resultOf(command: string, result: CommandResult, codes: readonly number[], bySudo: boolean): ToolResult {
  const { outcome, code, summary, stdout, stderr } = result;
  const reason = `${command}: ${lastLine(stderr.text) || summary}`;
  if (outcome === "not-started") {
    if (!summary.includes("there is no ")) return { kind: "failed", reason };
    return bySudo ? { kind: "denied", reason: "sudo is not installed" } : { kind: "missing", reason };
  }
  if (outcome !== "exited") return { kind: "hung", reason: `${command} ${summary}` };
  if (bySudo && code === 1 && stdout.text === "" && /^sudo: /m.test(stderr.text)) {
    // "a password is required", "you do not exist in the passwd database", "no new privileges": all are no right.
    const isMissing = /^sudo: \S+: command not found/m.test(stderr.text);
    return { kind: isMissing ? "missing" : "denied", reason: isMissing ? reason : lastLine(stderr.text) };
  }
  if (code === INSUFFICIENT_PRIVILEGES) return { kind: "denied", reason };
  if (code === NOT_CONNECTED) return { kind: "notRunning", reason };
  // Corosync's: CS_ERR_ACCESS is 11.
  if (/CS_ERR_ACCESS|error 11$/m.test(stderr.text)) return { kind: "denied", reason };
  if (code === undefined || !codes.includes(code))
    return { kind: "failed", reason: `${command} ${summary}: ${lastLine(stderr.text)}` };
  if (stdout.dropped > 0) return { kind: "failed", reason: `${command} printed more than this monitor reads` };
  return { kind: "output", text: stdout.text, code };
}

const lastLine = (text: string): string => printable(text.trim().split("\n").at(-1)?.trim() ?? "").slice(0, 200);
