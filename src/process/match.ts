import type { ProcessEntry } from "../config/process-entry.ts";
import { compileExpression, type Expression } from "../config/process-list/expression.ts";
import { messageOf } from "../system/message-of.ts";
import type { Executable } from "../system/proc-table.ts";
import { baseName, type CommandLine, isInterpreter, parseCommandLine, titleWords } from "./command-line.ts";

/**
 * How a process's command line is an entry's: as the entry has it (`whole`), or only by containing its name somewhere. `undecided`:
 * its expression took too long over it.
 */
export type MatchKind = "whole" | "partial" | "undecided" | undefined;

/** What a process is apart from its command line. Each is read only where it is asked for. */
export interface ProcessFacts {
  /** `ProcessStat.name` */
  readonly name: string;
  readonly executable: () => Executable | undefined;
  readonly raw: () => string | undefined;
}

/** The rule of one entry. */
export interface Matcher {
  /** @param raw the arguments, each ended by NUL; `parsed` is what `parseCommandLine` makes of it, once for all entries */
  match(raw: string, parsed: () => readonly CommandLine[]): MatchKind;
  /**
   * Whether the process executes the entry's program under a command line that has nothing of it left. Absent where that cannot
   * be known: for patterns, for names of several words, for interpreters.
   */
  readonly replaced?: ((facts: ProcessFacts) => boolean) | undefined;
}

/** `match: regex` with what is no expression. */
export class MatchExpressionError extends Error {
  readonly code = "MATCH_EXPRESSION_INVALID";

  constructor(processName: string, cause: unknown) {
    super(`process_name "${processName}" is not a regular expression: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** They show, edit, search or control something with the name: never the service itself. */
const TOOLS = new Set(
  `tail head less more cat watch vi vim view nvim nano emacs ed grep egrep zgrep rg awk sed journalctl systemctl service
  ssh scp rsync sudo su screen tmux ps pgrep pkill kill killall top htop strace ltrace gdb lsof man tee cp mv`.split(
    /\s+/,
  ),
);
/** Their titles name whom they serve: a user, a database. */
const SERVING = new Set(["sshd", "sshd-session", "login", "postgres"]);

/**
 * Programs of this project: each shows itself by this title alone. Lists written for the Python monitors have them as
 * `/usr/bin/python /usr/local/bin/masakari-instancemonitor`, and must recognise the new one.
 */
const OURS = /^masakari-(process|instance|introspectiveinstance|host)monitor$/;

/**
 * What systemd's child shows between fork and exec: the last 8 characters of the program's name in parentheses
 * (rename_process_from_path, systemd 252). It is not the program yet, and may become another one.
 */
const BEFORE_EXEC = /^\([^()\0 ]{1,15}\)\0*$/;
/** `/proc/PID/stat` has so many bytes of the name (TASK_COMM_LEN, proc(5)). */
const NAME_BYTES = 15;

/**
 * `program` (the default) is a whole program: the first argument or the script of an interpreter, by full path or base name,
 * followed by the name's further words as the next arguments; or a word of the title that a process has set.
 * @throws MatchExpressionError
 */
export function matcherOf(entry: ProcessEntry): Matcher {
  const name = entry.process_name;
  if (entry.match === "substring") return { match: (raw) => (joined(raw).includes(name) ? "whole" : undefined) };
  if (entry.match === "regex") {
    const expression = compile(name);
    return { match: (raw) => kindOf(expression.test(joined(raw))) };
  }
  const words = name.trim().split(/\s+/);
  // The last word is looked for first: nearly every process is ruled out by it without being parsed.
  const rarest = baseName(words.at(-1) ?? "");
  const isOurs = OURS.test(rarest);
  return {
    match(raw, parsed) {
      if (!raw.includes(rarest) || BEFORE_EXEC.test(raw)) return undefined;
      if (parsed().some((line) => isProgram(line, words) || (isOurs && line.words[0] === rarest))) return "whole";
      if (isTool(parsed())) return undefined;
      if (isInTitle(titleWords(raw), words)) return "whole";
      return joined(raw).includes(name) ? "partial" : undefined;
    },
    replaced: words.length === 1 && !isInterpreter(rarest) ? executes(words[0] ?? "") : undefined,
  };
}

/** Whether this one command line is the entry's; for tests and for a process that is known already. */
export function matchCommandLine(matcher: Matcher, raw: string): MatchKind {
  return raw === "" ? undefined : matcher.match(raw, () => parseCommandLine(raw));
}

/** "sshd: /usr/sbin/sshd -D [listener]", "nova-compute: master process [/usr/bin/nova-compute --debug]" */
function isInTitle(title: readonly string[], name: readonly string[]): boolean {
  const [its = ""] = title;
  if (SERVING.has(its) && its !== baseName(name[0] ?? "")) return false;
  return title.some((_, start) =>
    name.every((word, index) => {
      const shown = title[start + index];
      return shown === word || (index === 0 && shown !== undefined && baseName(shown) === word);
    }),
  );
}

/** The same program, by the name that the kernel keeps or by the file; no ordinary command line of another one. */
function executes(listed: string): (facts: ProcessFacts) => boolean {
  const base = baseName(listed);
  const short = Buffer.from(base).subarray(0, NAME_BYTES).toString();
  const isPath = listed.includes("/");
  // As ps(1) shows those that have no command line, kernel threads above all.
  const bracketed = listed.replace(/^\[/, "").replace(/\]$/, "").slice(0, NAME_BYTES);
  return ({ name, executable, raw }) => {
    if (name === bracketed && raw() === "") return true;
    const file = executable()?.path;
    const isFile = file !== undefined && (isPath ? merged(file) === merged(listed) : baseName(file) === base);
    // Of this name, but in another place: another installation.
    const isElsewhere = !isFile && file !== undefined && baseName(file) === base;
    if (!isFile && (name !== short || isElsewhere)) return false;
    const shown = raw() ?? "";
    if (shown.startsWith("/") || BEFORE_EXEC.test(shown)) return false;
    // Nothing but the name is left of a process whose threads end one after the other: it may come from any place.
    if (shown === "" && isPath) return isFile;
    // A command line with the name in it was not replaced, unless it is a title in which the name alone is left of the path.
    return !shown.includes(base) || (isTitle(shown) && titleWords(shown)[0] === base && !SERVING.has(base));
  };
}

/** One text, as setproctitle(3) leaves it; arguments have NULs between them. */
function isTitle(shown: string): boolean {
  return /^[^\0]*\0*$/.test(shown);
}

/** `/sbin/sshd` and `/usr/sbin/sshd` are one file on every system with a merged /usr. */
function merged(path: string): string {
  return path.replace(/^\/usr\//, "/");
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

function isTool(parsed: readonly CommandLine[]): boolean {
  return parsed.some(({ words, programs }) => {
    const first = baseName(words[0] ?? "")
      .replace(/^-/, "")
      .replace(/:$/, "");
    // A shell without a script is a person, or a command line that merely speaks of the service.
    return TOOLS.has(first) || (/^(ba|da|a|k|z)?sh$/.test(first) && programs.length === 1);
  });
}

function kindOf(matches: boolean | undefined): MatchKind {
  if (matches === undefined) return "undecided";
  return matches ? "whole" : undefined;
}

function compile(expression: string): Expression {
  try {
    return compileExpression(expression);
  } catch (cause) {
    throw new MatchExpressionError(expression, cause);
  }
}

function joined(raw: string): string {
  return raw.replaceAll("\0", " ").trimEnd();
}
