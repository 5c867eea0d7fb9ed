import { capped, type Diagnostic, diagnostic, shortened } from "../diagnostic.ts";

/** One `NAME=value` of a shell file, with quotes taken off and earlier variables put in. */
export interface ShellAssignment {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface ShellFile {
  readonly file: string;
  readonly assignments: readonly ShellAssignment[];
  readonly diagnostics: readonly Diagnostic[];
}

type Word = { readonly value: string; readonly rest: string } | { readonly reason: string };

const NAME = /^(?:export\s+)?([A-Za-z_]\w*)=/;
const VARIABLE = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/;

/** What stands for itself in a word, and what does within double quotes. */
const PLAIN = /^[^\s;"'\\`$&|<>()]+/;
const QUOTED = /^[^"\\`$]+/;

/** One piece of a word: a variable, a quoted string or a character; `undefined` at the end of the word. */
function piece(
  text: string,
  known: ReadonlyMap<string, string>,
  quoted: boolean,
): { readonly value: string; readonly length: number } | { readonly reason: string } | undefined {
  const [first = "", second = ""] = text;
  if (text === "" || (quoted ? first === '"' : /[\s;]/.test(first))) return undefined;
  if (first === "\\") {
    const escapes = !quoted || /["\\$`]/.test(second);
    return escapes ? { value: second, length: 2 } : { value: first, length: 1 };
  }
  if (first === "`" || text.startsWith("$("))
    return { reason: "runs a command, which is not done here; write its result" };
  if (first === "$") {
    const match = VARIABLE.exec(text);
    const name = match?.[1] ?? match?.[2];
    if (match && name !== undefined && known.has(name))
      return { value: known.get(name) ?? "", length: match[0].length };
    // Its name is not shown: it is rather a piece of a password than a variable.
    if (match)
      return {
        reason:
          "uses a variable that is not set above it; put single quotes around a value with a dollar sign of its own",
      };
    if (/[\w{?*@#$!-]/.test(second))
      return { reason: "uses an expansion that only a shell understands; write its result" };
  }
  if (!quoted && /[&|<>()]/.test(first))
    return { reason: `holds ${first} outside quotes, which only a shell understands` };
  return { value: first, length: 1 };
}

function pieces(text: string, known: ReadonlyMap<string, string>, quoted: boolean): Word {
  let value = "";
  let rest = text;
  for (;;) {
    if (!quoted && (rest[0] === '"' || rest[0] === "'")) {
      const inner = rest[0] === '"' ? pieces(rest.slice(1), known, true) : singleQuoted(rest);
      if ("reason" in inner) return inner;
      value += inner.value;
      rest = inner.rest;
      continue;
    }
    const [plain] = (quoted ? QUOTED : PLAIN).exec(rest) ?? [];
    if (plain !== undefined) {
      value += plain;
      rest = rest.slice(plain.length);
      continue;
    }
    const next = piece(rest, known, quoted);
    if (next === undefined) break;
    if ("reason" in next) return next;
    value += next.value;
    rest = rest.slice(next.length);
  }
  if (!quoted) return { value, rest };
  return rest === "" ? { reason: "begins a quote that does not end on its line" } : { value, rest: rest.slice(1) };
}

function singleQuoted(text: string): Word {
  const end = text.indexOf("'", 1);
  if (end === -1) return { reason: "begins a quote that does not end on its line" };
  return { value: text.slice(1, end), rest: text.slice(end + 1) };
}

/**
 * Reads a file of shell assignments, as the shell generation's programs sourced it. Nothing is run: a line that is no plain
 * assignment is reported. No message quotes a value, which may be a password.
 */
export function parseShell(file: string, text: string): ShellFile {
  const assignments: ShellAssignment[] = [];
  const diagnostics: Diagnostic[] = [];
  const known = new Map<string, string>();
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = index + 1;
    let rest = raw.trim();
    while (rest !== "" && !rest.startsWith("#")) {
      const match = NAME.exec(rest);
      const name = match?.[1];
      if (!match || name === undefined) {
        diagnostics.push(diagnostic("warning", { file, line }, "this is not a plain NAME=value; it is not run"));
        return;
      }
      const word = pieces(rest.slice(match[0].length), known, false);
      if ("reason" in word) {
        diagnostics.push(diagnostic("error", { file, line }, `the value of ${shortened(name)} ${word.reason}`));
        return;
      }
      known.set(name, word.value);
      assignments.push({ name, value: word.value, line });
      rest = word.rest.replace(/^[\s;]+/, "");
    }
  });
  return { file, assignments, diagnostics: capped(file, diagnostics) };
}
