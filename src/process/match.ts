import type { ProcessEntry } from "../config/process-entry.ts";
import { baseName, type CommandLine, parseCommandLine } from "./command-line.ts";

/** How a process's command line is an entry's: as the entry says (`whole`), or only by containing its name somewhere. */
export type MatchKind = "whole" | "partial" | undefined;

/** @param raw the arguments, each ended by NUL; `parsed` is what `parseCommandLine` makes of it, once for all entries */
export type Matcher = (raw: string, parsed: () => readonly CommandLine[]) => MatchKind;

/** `match: regex` with an expression that JavaScript does not know. */
export class MatchExpressionError extends Error {
  readonly code = "MATCH_EXPRESSION_INVALID";

  constructor(processName: string, cause: unknown) {
    super(`process_name "${processName}" is no regular expression: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** They show, edit, search or control something with the name: never the service itself. */
const ONLOOKERS = new Set(
  `tail head less more cat watch vi vim view nvim nano emacs ed grep egrep zgrep rg awk sed journalctl systemctl service
  ssh scp rsync sudo su screen tmux ps pgrep pkill kill killall top htop strace ltrace gdb lsof man tee cp mv`.split(
    /\s+/,
  ),
);

/**
 * Programs of this project: each shows itself by this title alone. Lists written for the Python monitors have them as
 * `/usr/bin/python /usr/local/bin/masakari-instancemonitor`, and must not take the new one for dead.
 */
const OURS = /^masakari-(process|instance|introspectiveinstance|host)monitor$/;

/**
 * The rule of one entry. `program` (the default) is a whole program: the first argument or the script of an interpreter, by full
 * path or base name, followed by the name's further words as the next arguments.
 * @throws MatchExpressionError
 */
export function matcherOf(entry: ProcessEntry): Matcher {
  const name = entry.process_name;
  if (entry.match === "substring") return (raw) => (joined(raw).includes(name) ? "whole" : undefined);
  if (entry.match === "regex") {
    const expression = compile(name);
    return (raw) => (expression.test(joined(raw)) ? "whole" : undefined);
  }
  const words = name.trim().split(/\s+/);
  // The last word is looked for first: nearly every process is ruled out by it without being parsed.
  const rarest = baseName(words.at(-1) ?? "");
  const isOurs = OURS.test(rarest);
  return (raw, parsed) => {
    if (!raw.includes(rarest)) return undefined;
    if (parsed().some((line) => isProgram(line, words) || (isOurs && line.words[0] === rarest))) return "whole";
    return joined(raw).includes(name) && !isOnlooker(parsed()) ? "partial" : undefined;
  };
}

/** Whether this one command line is the entry's; for tests and for a process that is known already. */
export function matchCommandLine(matcher: Matcher, raw: string): MatchKind {
  return raw === "" ? undefined : matcher(raw, () => parseCommandLine(raw));
}

function isProgram(line: CommandLine, name: readonly string[]): boolean {
  return line.programs.some((start) =>
    name.every((word, index) => {
      const argument = line.words[start + index];
      if (argument === undefined) return false;
      return index === 0 ? isNamed(argument, word) : argument === word;
    }),
  );
}

function isNamed(argument: string, name: string): boolean {
  // "nginx: master process": the title of a process that sets one begins with its name and a colon.
  const program = argument.endsWith(":") && !name.endsWith(":") ? argument.slice(0, -1) : argument;
  return program === name || baseName(program) === name;
}

function isOnlooker(parsed: readonly CommandLine[]): boolean {
  const [line] = parsed;
  const first = baseName(line?.words[0] ?? "").replace(/^-/, "");
  // A shell without a script is a person, or a command line that merely speaks of the service.
  return ONLOOKERS.has(first) || (/^(ba|da|a|k|z)?sh$/.test(first) && line?.programs.length === 1);
}

function compile(expression: string): RegExp {
  try {
    return new RegExp(expression);
  } catch (cause) {
    throw new MatchExpressionError(expression, cause);
  }
}

function joined(raw: string): string {
  return raw.replaceAll("\0", " ").trimEnd();
}
