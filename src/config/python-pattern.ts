/** A Python regular expression that has no equal here, or is none. */
export class PythonPatternError extends Error {
  readonly code = "PYTHON_PATTERN";
  override readonly name = "PythonPatternError";
}

/** Characters. Paths are shorter, and the translation takes quadratic time over unclosed comments. */
const MAX_LENGTH = 4096;
const STRING_LITERAL = /^(r|u)?(["'])([\s\S]*)\2$/i;
const GLOBAL_FLAGS = /^\(\?([aiLmsux]+)\)/;
const QUANTIFIER = /^\{(?:(\d+)(?:,(\d*))?|,(\d+))\}/;
const OCTAL = /^(?:0[0-7]{0,2}|[1-3][0-7]{2})/;
/** Python's escapes that mean the same here. */
const SAME_ESCAPES = /^(?:[dDwWsSbBfnrtv]|x[\da-f]{2}|u[\da-f]{4})/i;
const SYNTAX = /[\^$\\.*+?()[\]{}|/]/;
const ASCII_WORD = /[A-Za-z0-9]/;
/** The very beginning and the very end, whatever the m flag. */
const BEGINNING = "(?<![\\s\\S])";
const END = "(?![\\s\\S])";

/**
 * The RegExp that matches what Python's `re.match` would: from the beginning of the text, not necessarily to its end.
 * The pattern may also stand as a Python string literal, r'…', as the help of the Python monitors shows.
 * @throws PythonPatternError if it is no pattern, or uses what RegExp does not have
 */
export function pythonPattern(text: string): RegExp {
  if (text.length > MAX_LENGTH) throw new PythonPatternError(`it is longer than ${MAX_LENGTH} characters`);
  const [, prefix, , inner] = STRING_LITERAL.exec(text.trim()) ?? [];
  let rest = inner ?? text;
  // Without the r, Python's string literal takes one of two backslashes itself.
  if (inner !== undefined && prefix?.toLowerCase() !== "r") rest = inner.replaceAll("\\\\", "\\");
  const letters = GLOBAL_FLAGS.exec(rest)?.[1] ?? "";
  if (/[Lx]/.test(letters)) throw new PythonPatternError(`the flag (?${letters}) is not supported`);
  if (letters !== "") rest = rest.slice(letters.length + 3);
  const flags = `u${[..."ims"].filter((flag) => letters.includes(flag)).join("")}`;
  const source = new Translation(rest).run();
  try {
    return new RegExp(`${BEGINNING}(?:${source})`, flags);
  } catch (error) {
    throw new PythonPatternError((error as Error).message.replace(/^Invalid regular expression: .*: /, ""), {
      cause: error,
    });
  }
}

/** One pass over a pattern: what is written differently in the two dialects is rewritten, the rest is kept. */
class Translation {
  #rest: string;

  constructor(pattern: string) {
    this.#rest = pattern;
  }

  run(): string {
    let source = "";
    while (this.#rest !== "") source += this.#next();
    return source;
  }

  #take(length: number): string {
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    return taken;
  }

  #next(): string {
    const [first] = this.#rest;
    switch (first) {
      case "\\":
        return this.#escape(false);
      case "[":
        return this.#set();
      case "(":
        return this.#group();
      case "{":
        return this.#braces();
      case "}":
      case "]":
        return `\\${this.#take(1)}`;
      case "*":
      case "+":
      case "?":
        return this.#quantified(this.#take(1));
      default:
        return this.#take(first?.length ?? 1);
    }
  }

  #quantified(quantifier: string): string {
    if (this.#rest.startsWith("+")) {
      throw new PythonPatternError(`a possessive quantifier (${quantifier}+) is not supported`);
    }
    return this.#rest.startsWith("?") ? quantifier + this.#take(1) : quantifier;
  }

  /** Braces that are no quantifier stand for themselves in Python. */
  #braces(): string {
    const found = QUANTIFIER.exec(this.#rest);
    if (!found) return `\\${this.#take(1)}`;
    const quantifier = this.#take(found[0].length);
    return this.#quantified(found[3] === undefined ? quantifier : `{0,${found[3]}}`);
  }

  #group(): string {
    const comment = /^\(\?#[^)]*\)/.exec(this.#rest);
    if (comment) {
      this.#take(comment[0].length);
      return "";
    }
    if (this.#rest.startsWith("(?P<")) {
      this.#take(3);
      return "(?";
    }
    const reference = /^\(\?P=(\w+)\)/.exec(this.#rest);
    if (reference) {
      this.#take(reference[0].length);
      return `\\k<${reference[1]}>`;
    }
    if (this.#rest.startsWith("(?>")) throw new PythonPatternError("an atomic group (?>…) is not supported");
    if (this.#rest.startsWith("(?(")) throw new PythonPatternError("a conditional group (?(…)…) is not supported");
    return this.#take(this.#rest.startsWith("(?") ? 2 : 1);
  }

  #set(): string {
    let source = this.#take(1);
    if (this.#rest.startsWith("^")) source += this.#take(1);
    // A closing bracket right at the beginning is a member of the set.
    if (this.#rest.startsWith("]")) source += `\\${this.#take(1)}`;
    while (this.#rest !== "" && !this.#rest.startsWith("]")) {
      source += this.#rest.startsWith("\\") ? this.#escape(true) : this.#take(1);
    }
    if (this.#rest === "") throw new PythonPatternError("a set [… is not closed");
    return source + this.#take(1);
  }

  #escape(inSet: boolean): string {
    this.#take(1);
    const [first] = this.#rest;
    if (first === undefined) throw new PythonPatternError("it ends with a backslash");
    const octal = OCTAL.exec(this.#rest);
    if (octal && (first === "0" || octal[0].length === 3)) {
      return `\\x${Number.parseInt(this.#take(octal[0].length), 8).toString(16).padStart(2, "0")}`;
    }
    if (/[1-9]/.test(first) && !inSet) return `\\${this.#take(/^\d\d?/.exec(this.#rest)?.[0].length ?? 1)}`;
    const same = SAME_ESCAPES.exec(this.#rest);
    if (same && /^[dDwWsSbBfnrtvxu]/.test(first)) return `\\${this.#take(same[0].length)}`;
    this.#take(1);
    if (!inSet && first === "A") return BEGINNING;
    if (!inSet && (first === "Z" || first === "z")) return END;
    if (first === "a") return "\\x07";
    if (ASCII_WORD.test(first)) throw new PythonPatternError(`the escape \\${first} is not supported`);
    return SYNTAX.test(first) || (inSet && first === "-") ? `\\${first}` : first;
  }
}
