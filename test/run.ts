import { spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { dirname } from "node:path";

/**
 * `npm test`: every check there is, a line for each suite, and what failed in full. With CI=true a skipped test is a
 * failure: on the project's own machines everything can be had. `npm test -- unit lint` runs only the suites named, and
 * `npm test -- test/unit/x.test.ts --test-name-pattern="a full disk"` only these files, with all of their output.
 */
interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  /** Seconds: a suite that hangs is a failure too. */
  readonly limit: number;
  readonly env?: Readonly<Record<string, string>>;
  /** It runs at the lowest priority beside the suites after it, for which it takes only the time that they wait. */
  readonly isBackground?: boolean;
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
const TEST = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=spec"];
const tests = (pattern: string, ...options: string[]): string[] => [
  process.execPath,
  ...TEST,
  ...options,
  ...globSync(pattern)
    .filter((path) => !isLeftOut(path))
    .sort(),
];

/**
 * 49 situations of a real Pacemaker cluster, of half a minute and more each, which is more than CI has time for. Where the machine is so
 * busy that a fence agent times out, another monitor reports than the one that they expect. They run with the rest everywhere else, and by
 * `npm test -- FILE`. And the Debian packages on Debians of their own and a whole cloud, which take hundreds of MB of downloads and minutes
 * of apt.
 */
const NOT_IN_CI =
  /\/(host-(losses|holds)-(root|kolla|debian|together)|debian-packages(-arm64)?|whole-chain)\.test\.ts$/;
const isLeftOut = (path: string): boolean => process.env.CI === "true" && NOT_IN_CI.test(path);

const suites: readonly Suite[] = [
  { name: "types", command: [bin("tsc")], limit: 900 },
  { name: "lint", command: [bin("biome"), "check", "--error-on-warnings", "."], limit: 900 },
  { name: "imports", command: [bin("depcruise"), "src", "--config", ".dependency-cruiser.cjs"], limit: 900 },
  { name: "unused", command: [bin("knip")], limit: 900 },
  { name: "build", command: [process.execPath, "scripts/build.ts"], limit: 600 },
  {
    name: "unit",
    command: tests("test/unit/**/*.test.ts", "--test-timeout=180000", "--test-concurrency=2"),
    limit: 1800,
  },
  {
    name: "simulation",
    command: tests("test/simulation/**/*.test.ts", "--test-timeout=1200000"),
    limit: 4500,
    // Its clock is virtual.
    isBackground: true,
  },
  {
    name: "system",
    command: tests(
      "test/system/*.test.ts",
      // Of a whole file, too: one has eight failures of a real cluster, each of which takes half a minute and more.
      "--test-timeout=1500000",
      // The suites start processes and wait for them: two at a time is what two cores bear without false alarms.
      "--test-concurrency=2",
      "--test-global-setup=test/system/global-setup.ts",
    ),
    limit: 4500,
    // What is shipped is what is tried.
    env: { MASAKARI_MONITORS_RUN: "build" },
  },
];

const count = (output: string, word: string): number =>
  Number(output.match(new RegExp(`^ℹ ${word} (\\d+)$`, "m"))?.[1] ?? 0);

async function run({
  command: [program = "", ...parameters],
  limit,
  env,
  isBackground,
}: Suite): Promise<{ code: number; output: string }> {
  const child = spawn(program, parameters, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limit * 1000,
    // The tools find the Node that runs this: the machine's own may be too old for them.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...env },
  });
  if (isBackground && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 1, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      if (signal !== null) output += `ended by ${signal} (the limit is ${limit} s)\n`;
      resolve({ code: code ?? 1, output });
    });
  });
}

/** What to show of a failed suite: node's runner repeats the failures at its end, after the counts. */
const failures = (output: string): string => output.slice(Math.max(0, output.indexOf("✖ failing tests:")));

const skippedTests = (output: string): string[] => output.match(/^\s*﹣.*$/gm) ?? [];

async function outcomeOf(suite: Suite): Promise<Outcome> {
  const started = performance.now();
  const { code, output } = await run(suite);
  const isTests = suite.command.includes("--test");
  const skipped = count(output, "skipped");
  const passed = isTests ? count(output, "pass") : Number(code === 0);
  const failed = Math.max(count(output, "fail") + count(output, "cancelled"), Number(code !== 0));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = isTests
    ? ` ${passed} passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`
    : "";
  print(`${failed ? "✖" : "✔"} ${suite.name.padEnd(11)}${seconds.padStart(7)} s ${counts}`);
  if (failed) print(failures(output).trimEnd());
  for (const line of skippedTests(output)) print(`    skipped: ${line.trim().slice(2)}`);
  return { passed, failed, skipped };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const wanted = process.argv.slice(2);
if (wanted.some((name) => name.endsWith(".test.ts"))) {
  const { status } = spawnSync(process.execPath, [...TEST, ...wanted], { stdio: "inherit" });
  process.exit(status ?? 1);
}
const total = { passed: 0, failed: 0, skipped: 0 };
const outcomes: Promise<Outcome>[] = [];
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const outcome = outcomeOf(suite);
  outcomes.push(outcome);
  if (!suite.isBackground) await outcome;
}
for (const outcome of await Promise.all(outcomes)) {
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
}
for (const path of globSync("test/system/*.test.ts").filter(isLeftOut).sort()) print(`not run with CI=true: ${path}`);
print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.skipped > 0 && process.env.CI === "true") print("a skipped test is a failure with CI=true");
process.exitCode = total.failed > 0 || (total.skipped > 0 && process.env.CI === "true") ? 1 : 0;
