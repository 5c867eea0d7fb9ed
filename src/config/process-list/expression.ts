import { createRequire } from "node:module";
import { backtracking } from "./backtracking.ts";

/** The regular expression of an entry with `match: regex`. */
export interface Expression {
  /**
   * @param text a command line; what is beyond the first 8192 characters (1024 if not `linear`) is not looked at
   * @returns undefined if it took too long to find out, which only happens if not `linear`
   */
  test(text: string): boolean | undefined;
  /** Its time grows with the length of the text and no faster, whatever the text is. */
  readonly linear: boolean;
}

type Engine = typeof import("re2js");

/** Any user can run processes with command lines of any kind and length: what one of them may cost is limited. Characters. */
const LOOKED_AT = 8192;
/** So many command lines are remembered with their result: most are the same at the next look. */
const REMEMBERED = 500;

let engine: Engine | undefined;

/** 4 MB and some 80 ms that a list without expressions need not pay. */
function loadEngine(): Engine {
  engine ??= createRequire(import.meta.url)("re2js") as Engine;
  return engine;
}

/**
 * An expression in the syntax that Python, RE2 and JavaScript share, matched in linear time. What only RegExp has (lookaround,
 * references to groups) is left to it, with less of the text and a limited time.
 * @throws SyntaxError where neither knows it
 */
export function compileExpression(source: string): Expression {
  const linear = linearTest(source);
  return linear ? { test: remembering(linear), linear: true } : { test: backtracking(source), linear: false };
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

function remembering(test: (text: string) => boolean): (text: string) => boolean {
  const results = new Map<string, boolean>();
  return (whole) => {
    const text = whole.slice(0, LOOKED_AT);
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = test(text);
    if (results.size >= REMEMBERED) results.clear();
    results.set(text, result);
    return result;
  };
}
