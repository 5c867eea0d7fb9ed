import { createRequire } from "node:module";

/** The regular expression of an entry with `match: regex`. */
export interface Expression {
  /** @param text a command line; what is beyond the first 8192 characters (1024 if not `linear`) is not looked at */
  test(text: string): boolean;
  /** Its time grows with the length of the text and no faster, whatever the text is. */
  readonly linear: boolean;
}

type Engine = typeof import("re2js");

/** Any user can run processes with command lines of any kind and length: what one of them may cost is limited. Characters. */
const LOOKED_AT = 8192;
const LOOKED_AT_BACKTRACKING = 1024;
/** So many command lines are remembered with their answer: most are the same at the next look. */
const REMEMBERED = 500;

let engine: Engine | undefined;

/** 4 MB and some 80 ms that a list without expressions need not pay. */
function loadEngine(): Engine {
  engine ??= createRequire(import.meta.url)("re2js") as Engine;
  return engine;
}

/**
 * An expression in the syntax that Python, RE2 and JavaScript share, matched in linear time. What only RegExp has (lookaround,
 * references to groups) is left to it, with less of the text.
 * @throws SyntaxError where neither knows it
 */
export function compileExpression(source: string): Expression {
  const linear = linearTest(source);
  if (linear) return { test: remembering(linear, LOOKED_AT), linear: true };
  const expression = new RegExp(source);
  return { test: remembering((text) => expression.test(text), LOOKED_AT_BACKTRACKING), linear: false };
}

function linearTest(source: string): ((text: string) => boolean) | undefined {
  const { RE2JS } = loadEngine();
  try {
    // Python's name for the end of the text.
    const expression = RE2JS.compile(source.replace(/(\\.)/gs, (pair) => (pair === "\\Z" ? "\\z" : pair)));
    return (text) => expression.test(text);
  } catch {
    return undefined;
  }
}

function remembering(test: (text: string) => boolean, length: number): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (whole) => {
    const text = whole.slice(0, length);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = test(text);
    if (answers.size >= REMEMBERED) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}
