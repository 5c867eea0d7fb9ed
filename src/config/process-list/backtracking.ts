import type { Context, Script } from "node:vm";

/** Characters of a command line. */
const LOOKED_AT = 1024;
/** One command line may take so long. Ordinary expressions take microseconds, catastrophic ones years. ms */
const TEXT_LIMIT_MS = 50;
/** Where the machine is so busy that most of that time was not this program's, it is taken again, at most so often. */
const STARVED_ATTEMPTS = 5;
/** All command lines together may take so much of the CPU in each window, and of the time STARVED_ATTEMPTS times as much. ms */
const WINDOW_LIMIT_MS = 1000;
const WINDOW_MS = 10_000;
/** What took too long is tried again after this: the machine may have been busy or asleep. ms */
const RETRY_MS = 60_000;
/** Trying one costs 0.4 ms, so more are remembered than of expressions in linear time. */
const REMEMBERED = 2000;

interface Sandbox {
  readonly script: Script;
  readonly context: Context;
}

let sandbox: Sandbox | undefined;

/** node:vm is what can interrupt RegExp; lists without such expressions need not pay for it: 1 MB and the time to load it. */
function openSandbox(): Sandbox {
  const { Script, createContext } = process.getBuiltinModule("node:vm");
  sandbox ??= { script: new Script("expression.test(text)"), context: createContext(Object.create(null)) };
  return sandbox;
}

/**
 * RegExp, whose time may grow exponentially with the text: what takes too long is interrupted, and its result undefined.
 * @throws SyntaxError
 */
export function backtracking(source: string): (text: string) => boolean | undefined {
  const expression = new RegExp(source);
  /** The result, or when to try again: performance.now(). */
  const results = new Map<string, boolean | number>();
  let windowEnds = 0;
  let spentMs = 0;
  return (whole) => {
    const text = whole.slice(0, LOOKED_AT);
    const now = performance.now();
    const known = results.get(text);
    if (typeof known === "boolean") return known;
    if (known !== undefined && now < known) return undefined;
    if (now >= windowEnds) [windowEnds, spentMs] = [now + WINDOW_MS, 0];
    const limit = Math.min(TEXT_LIMIT_MS, Math.floor(WINDOW_LIMIT_MS - spentMs));
    if (limit < 1) return undefined;
    const from = process.threadCpuUsage();
    const result = testWithin(expression, text, limit);
    spentMs += Math.max(cpuMsSince(from), (performance.now() - now) / STARVED_ATTEMPTS);
    if (results.size >= REMEMBERED) results.clear();
    results.set(text, result ?? performance.now() + RETRY_MS);
    return result;
  };
}

function testWithin(expression: RegExp, text: string, timeout: number): boolean | undefined {
  for (let attempt = 0; attempt < STARVED_ATTEMPTS; attempt += 1) {
    const from = process.threadCpuUsage();
    const result = testOnce(expression, text, timeout);
    if (result !== undefined || cpuMsSince(from) >= timeout / 2) return result;
  }
  return undefined;
}

/** CPU time of this thread, ms. */
function cpuMsSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1000;
}

function testOnce(expression: RegExp, text: string, timeout: number): boolean | undefined {
  const { script, context } = openSandbox();
  context.expression = expression;
  context.text = text;
  try {
    return script.runInContext(context, { timeout }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    context.text = "";
  }
}
