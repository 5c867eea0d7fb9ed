/**
 * A command line as the matcher sees it. `programs` are the places in `words` where a program begins: the first word, the
 * script that an interpreter runs, the module of `python -m`, the jar or class of java.
 */
export interface CommandLine {
  readonly words: readonly string[];
  readonly programs: readonly number[];
}

interface Interpreter {
  readonly names: RegExp;
  /** Short options after which there is no script: `-c`, `-e`, `-s`. */
  readonly noScript: string;
  /** Short options whose value is the rest of the word, or else the next word. */
  readonly valued: string;
  /** Short options that swallow the rest of their word. */
  readonly attached?: string;
  /** Long options whose value is the next word. */
  readonly longValued: readonly string[];
  /** The option whose value is the program: `python -m`, `java -jar`. */
  readonly program?: string;
}

/** Its options may begin with `+` as well. */
const SHELL: Interpreter = {
  names: /^(ba|da|a|k|z)?sh$/,
  noScript: "cs",
  valued: "oO",
  longValued: ["--rcfile", "--init-file"],
};
const INTERPRETERS: readonly Interpreter[] = [
  { names: /^(platform-)?(python|pypy)[\d.]*$/, noScript: "c", valued: "WXQ", longValued: [], program: "m" },
  SHELL,
  { names: /^perl[\d.]*$/, noScript: "eE", valued: "I", attached: "MmFiDx0l", longValued: [] },
  { names: /^ruby[\d.]*$/, noScript: "e", valued: "rIC", attached: "KEWTxF0", longValued: [] },
  {
    names: /^(node|nodejs)$/,
    noScript: "ep",
    valued: "rC",
    longValued: ["--require", "--import", "--loader", "--experimental-loader", "--conditions"],
  },
];
/** java's options are words of their own, whatever they begin with. */
const JAVA_VALUED = new Set(["-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "-jar"]);

/** So many characters of another process's command line are shown in a log line. */
const SHOWN_LENGTH = 200;

/** Whether this name is of a program that runs other programs, so that what it executes does not identify it. */
export function isInterpreter(name: string): boolean {
  return name === "java" || INTERPRETERS.some(({ names }) => names.test(name));
}

/** A title is looked at as far as this; it has no more room than the arguments and the environment had. */
const TITLE_LENGTH = 4096;
const OPENING = new Set("[({<\"'");
const CLOSING = new Set("])}>\"',;:");

/**
 * The words of the title that a process has set, without brackets around them: all of it stands in the first argument
 * (setproctitle), and programs in it often in brackets. None for an ordinary command line.
 */
export function titleWords(raw: string): readonly string[] {
  const end = raw.indexOf("\0");
  const first = raw.slice(0, Math.min(end < 0 ? raw.length : end, TITLE_LENGTH));
  return first.startsWith("/") ? [] : first.split(/\s+/).map(bare);
}

/** Not by expressions such as /[:,]+$/, which take quadratic time: what other users' processes show is theirs to choose. */
function bare(word: string): string {
  let [from, to] = [0, word.length];
  while (from < to && OPENING.has(word[from] ?? "")) from += 1;
  while (to > from && CLOSING.has(word[to - 1] ?? "")) to -= 1;
  return word.slice(from, to);
}

/** A command line for a log line: on one line, without control characters, cut. */
export function shownCommandLine(raw: string): string {
  const text = raw
    .slice(0, SHOWN_LENGTH * 2)
    .replace(/\0+$/, "")
    .replace(/\0/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, "?");
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** @param raw the arguments, each ended by NUL, as `/proc/PID/cmdline` has them */
export function parseCommandLine(raw: string): readonly CommandLine[] {
  // Not by /\0+$/: anybody can run a process with 60 000 empty arguments, and the expression would take seconds over them.
  let end = raw.length;
  while (raw[end - 1] === "\0") end -= 1;
  const words = raw.slice(0, end).split("\0");
  const parsed = [{ words, programs: programsOf(words) }];
  const [first = ""] = words;
  if (!first.includes(" ")) return parsed;
  // A process that has set its title (setproctitle) shows it all in the first argument: "nova-compute: worker 1".
  const title = words.join(" ").trim().split(/\s+/);
  return [...parsed, { words: title, programs: programsOf(title) }];
}

function programsOf(words: readonly string[]): readonly number[] {
  const name = baseName(words[0] ?? "").replace(/^-/, "");
  if (name === "java") return [0, ...javaProgram(words)];
  const interpreter = INTERPRETERS.find((one) => one.names.test(name));
  const script = interpreter && scriptOf(words, interpreter);
  return script === undefined ? [0] : [0, script];
}

function scriptOf(words: readonly string[], interpreter: Interpreter): number | undefined {
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") return index + 1 < words.length ? index + 1 : undefined;
    if (word === "-" || word === "") return undefined;
    if (word.startsWith("--")) {
      if (["--eval", "--print"].includes(word)) return undefined;
      if (interpreter.longValued.includes(word)) index++;
    } else if (word.startsWith("-") || (word.startsWith("+") && interpreter === SHELL)) {
      const letters = word.slice(1);
      const { noScript, valued, attached = "", program = "" } = interpreter;
      const decisive = [...letters].findIndex((letter) => `${noScript}${valued}${attached}${program}`.includes(letter));
      const letter = letters[decisive];
      if (letter === undefined || attached.includes(letter)) continue;
      if (interpreter.noScript.includes(letter)) return undefined;
      const valueIsNext = decisive === letters.length - 1;
      if (letter === interpreter.program) return valueIsNext && index + 1 < words.length ? index + 1 : undefined;
      if (valueIsNext) index++;
    } else {
      return index;
    }
  }
  return undefined;
}

function javaProgram(words: readonly string[]): readonly number[] {
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "-jar") return index + 1 < words.length ? [index + 1] : [];
    if (JAVA_VALUED.has(word)) index++;
    else if (!word.startsWith("-")) return [index];
  }
  return [];
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
