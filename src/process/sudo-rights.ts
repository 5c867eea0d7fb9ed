import type { ProcessEntry } from "../config/process-entry.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import { type CommandResult, runCommand } from "../system/exec.ts";
import { defectLine } from "../system/guard.ts";
import type { Logger } from "../system/log.ts";
import { asksSystemd, canUseSudo } from "../system/sudo-words.ts";
import { baseName } from "./command-line.ts";
import { keyed } from "./keyed.ts";

const SUDO_RIGHTS: ConditionKind = {
  name: "sudo rights",
  consequence: "commands that cannot be run when they are needed",
};

const CANNOT_SUDO =
  "sudo cannot work in this unit, which has NoNewPrivileges=yes: use `systemctl restart UNIT`, or permit sudo by a drop-in";

/** sudo asks LDAP or another directory in some places. */
const TIMEOUT_MS = 5000;
/** A right that is missing may have been given since. */
const CHECK_AGAIN_MS = 600_000;

export interface SudoParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly conditions?: Conditions | undefined;
  readonly onStart?: (pid: number) => void;
  readonly onEnd?: (pid: number) => void;
  /** Instead of `canUseSudo`. */
  readonly canSudo?: () => boolean;
}

/** What sudo would refuse when it is needed: nothing for root, and one line for each command of the entries otherwise. */
export async function missingSudoRights(
  entries: readonly ProcessEntry[],
  parts: Omit<SudoParts, "log" | "conditions">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (process.getuid?.() === 0) return [];
  const sudo = (args: string): Promise<CommandResult> =>
    runCommand(`sudo -n ${args}`, { asRoot: false, timeoutMs: TIMEOUT_MS, ...parts }, signal);
  let rules: readonly Rule[] | undefined;
  const refusals = new Map<string, string | undefined>();
  const canSudo = parts.canSudo?.() ?? canUseSudo();
  const problems: string[] = [];
  for (const { key, entry } of keyed(entries)) {
    for (const command of sudoCommands(entry)) {
      if (signal.aborted) return [];
      if (!refusals.has(command)) {
        if (canSudo) {
          const result = await sudo(`-l -- ${command}`);
          const refused = refusal(result);
          if (refused === undefined) rules ??= rulesIn((await sudo("-l -l")).stdout.text);
          refusals.set(command, refused ?? passwordWanted(result.stdout.text.trim(), rules ?? []));
        } else {
          refusals.set(command, asksSystemd(command.split(" ")) ? undefined : CANNOT_SUDO);
        }
      }
      const why = refusals.get(command);
      if (why !== undefined) problems.push(`${key}: \`${command}\` (${why})`);
    }
  }
  return signal.aborted ? [] : problems;
}

/** Checks the rights for the entries in force, beside everything else, and again while some are missing. */
export class SudoRights {
  readonly #parts: SudoParts;
  #current = new AbortController();

  constructor(parts: SudoParts) {
    this.#parts = parts;
  }

  /** In place of the entries before. @param signal ends the checks */
  check(entries: readonly ProcessEntry[], signal: AbortSignal): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.#check(entries, AbortSignal.any([signal, this.#current.signal])).catch((error: unknown) =>
      this.#parts.log.error(defectLine("checking what sudo permits", error)),
    );
  }

  async #check(entries: readonly ProcessEntry[], signal: AbortSignal): Promise<void> {
    const { clock, log, conditions } = this.#parts;
    let logged = "";
    while (!signal.aborted) {
      const problems = await missingSudoRights(entries, this.#parts, signal);
      if (signal.aborted) return;
      const text = problems.join("; ");
      conditions?.set(SUDO_RIGHTS, text === "" ? undefined : text);
      if (text !== logged) {
        for (const problem of problems) log.warning(`sudo will refuse a command when it is needed: ${problem}`);
        if (text === "") log.info("sudo permits all commands of the process list now");
      }
      logged = text;
      if (text === "") return;
      await clock.sleep(CHECK_AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

/** The commands that run by sudo, as sudo gets them. */
function sudoCommands(entry: ProcessEntry): readonly string[] {
  const { pre_start_command, start_command, post_start_command } = entry;
  const { pre_restart_command, restart_command, post_restart_command } = entry;
  const commands = [
    ...[pre_start_command, start_command, post_start_command],
    ...[pre_restart_command, restart_command, post_restart_command],
  ];
  return commands.flatMap((command) => {
    const words = command.split(/\s+/).filter((word) => word !== "");
    const [first = ""] = words;
    if (first === "") return [];
    if (baseName(first) !== "sudo") return entry.run_as_root ? [words.join(" ")] : [];
    // With options that want a value it is not root's right that is asked for.
    const rest = words.slice(1).filter((word) => word !== "-n" && word !== "--");
    return rest.length === 0 || rest[0]?.startsWith("-") ? [] : [rest.join(" ")];
  });
}

function refusal(result: CommandResult): string | undefined {
  if (result.outcome === "exited" && result.code === 0) return undefined;
  if (result.outcome !== "exited") return `sudo ${result.summary}`;
  const [line] = result.stderr.text.trim().split("\n").slice(-1);
  return line ? line : "not permitted by sudoers";
}

/** One rule of `sudo -l -l`. */
interface Rule {
  readonly authenticates: boolean;
  readonly commands: readonly string[];
}

/** `sudo -l COMMAND` permits what needs a password, too, as long as any rule needs none; the long list shows which do. */
function rulesIn(text: string): readonly Rule[] {
  const [defaults = "", ...blocks] = text.split("\nSudoers entry:");
  if (/!authenticate\b/.test(defaults)) return [];
  return blocks.map((block) => ({
    authenticates: !/^\s*Options:.*!authenticate\b/m.test(block),
    commands: (block.split(/^\s*Commands:$/m)[1] ?? "")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  }));
}

/** @param command with its full path, as sudo has found it */
function passwordWanted(command: string, rules: readonly Rule[]): string | undefined {
  // The last match counts (sudoers(5)).
  const rule = rules.findLast(({ commands }) => commands.some((pattern) => isMatch(pattern, command)));
  return rule?.authenticates ? "sudo: a password is required" : undefined;
}

function isMatch(pattern: string, command: string): boolean {
  if (pattern === "ALL" || pattern === command || command.startsWith(`${pattern} `)) return true;
  const star = pattern.indexOf("*");
  return star >= 0 && command.startsWith(pattern.slice(0, star));
}
