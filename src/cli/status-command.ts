import { type Command, Option } from "commander";
import type { HealthOutcome, ReceivedReport } from "../status/client.ts";
import { healthSocket, SOCKET_SUFFIX } from "../status/socket-path.ts";
import { type Verdict, worst } from "../status/verdict.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { namesIn } from "./directory-names.ts";
import { monitorsNamed, remedyIfNotRunning, shortName } from "./monitor-names.ts";
import { onOneLine, table } from "./table.ts";

/** What the command needs of the program it is part of. */
export interface StatusCommandParts {
  /** `[DEFAULT] state_path`, read from the configuration when the command runs. */
  readonly statePath: () => string | Promise<string>;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces?: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** Takes a line about what could not be looked at. */
  readonly warn?: (line: string) => void;
  /** Ends the program at once with this status: what it waits for may never come. */
  readonly abandon?: (status: number) => void;
  /** Takes the exit status. */
  readonly exit: (status: number) => void;
}

/** One monitor, and the outcome of the request to it. */
interface Queried {
  readonly program: string;
  readonly outcome: HealthOutcome;
  /** Of one that does not answer, as far as it can be found. */
  readonly pid?: number | undefined;
}

const TIMEOUT_MS = 2000;
const DATABASE_SUFFIX = ".sqlite";
const EXIT = { ok: 0, degraded: 1, failing: 2 } as const;

const HELP = `
Queries every monitor that has run with this configuration: each has a database, and while it runs a socket, in
[DEFAULT] state_path. Name some to query only these. One that this host does not use any more is shown until \`masakari-monitors forget\`.

  ok            it monitors, and no problem is known
  degraded      a dependency is unavailable (libvirt, Masakari, the disk ...) or an operator is needed; nothing is lost
  failing       it does not monitor, or stopping it now would lose notifications
  not running   nothing listens on its socket: it was stopped or killed
  no response   it does not respond within 2 s: it hangs, or was stopped with SIGSTOP

Exit status: 0 if all are ok, 1 if one is degraded, 2 if one is failing, is not running or does not answer.

--probe asks only whether the monitors run, and gives up after 200 ms: live is for a check that restarts the program (it responds and is
not stuck), ready for one that reports whether it works (it would notice a failure; whether Masakari answers does not matter). Exit status: 0 or 1.`;

interface StatusOptions {
  readonly json?: boolean;
  readonly probe?: "live" | "ready";
}

/**
 * Adds `status` to a program. The action rejects for what keeps it from asking at all.
 * @returns the command, for further options
 */
export function registerStatusCommand(program: Command, parts: StatusCommandParts): Command {
  return program
    .command("status")
    .description("show the health of this host's monitors, and what is wrong since when")
    .argument("[MONITOR...]", "which ones, e.g. processmonitor; all that have run here without a name")
    .option("--json", "as JSON")
    .addOption(
      new Option("--probe <WHICH>", "for health checks: prints nothing if all is well").choices(["live", "ready"]),
    )
    .addHelpText("after", HELP)
    .action(async (names: string[], { json = false, probe }: StatusOptions) => {
      if (probe !== undefined) {
        await runProbe(probe, names, parts);
        return;
      }
      // Whoever only looks at the status must not take an error for a warning.
      parts.exit(EXIT.failing);
      const statePath = await parts.statePath();
      const places = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
      const { found, isHung } = await programsThatRan(places, parts.warn);
      const programs = names.length > 0 ? monitorsNamed(names, found) : found;
      const queried = await Promise.all(programs.map((one) => queryIn(places, one)));
      if (json) parts.out.write(`${printableJson(queried.map(toJson), 2)}\n`);
      else if (queried.length > 0) parts.out.write(listing(queried));
      else if (!isHung) parts.out.write(`no monitor has run with ${statePath} ([DEFAULT] state_path)\n`);
      parts.exit(queried.length === 0 ? EXIT.failing : EXIT[worst(queried.map(verdictOf))]);
    });
}

const PROBE_MS = 200;

/** Answers in time even if the disk of the state directory does not. */
async function runProbe(which: "live" | "ready", names: readonly string[], parts: StatusCommandParts): Promise<void> {
  parts.exit(1);
  // Loading it is a part of the command's start, which on a busy machine takes longer than a monitor's response.
  await import("../status/client.ts");
  const late = setTimeout(() => {
    parts.warn?.(`no response within ${PROBE_MS} ms`);
    parts.abandon?.(1);
  }, PROBE_MS);
  const problems = await probeAll(which, names, parts);
  clearTimeout(late);
  for (const problem of problems) parts.out.write(`${onOneLine(problem)}\n`);
  const status = problems.length === 0 ? 0 : 1;
  parts.exit(status);
  // A look at a disk that hangs would keep it from ending.
  parts.abandon?.(status);
}

async function probeAll(
  which: "live" | "ready",
  names: readonly string[],
  parts: StatusCommandParts,
): Promise<readonly string[]> {
  const statePath = await parts.statePath();
  const places = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
  let hung: string | undefined;
  const warn = (line: string): void => {
    hung = line;
  };
  // What is named is not looked for on the disk, which may hang: then a monitor has its socket elsewhere.
  const programs = names.length > 0 ? names.map(shortName) : await programsIn(places, warn, PROBE_MS / 2);
  if (programs.length === 0) return [hung ?? `no monitor has run with ${statePath} ([DEFAULT] state_path)`];
  const { probe } = await import("../status/client.ts");
  const found = await Promise.all(
    [...new Set(programs)].map(async (program) => {
      const problems = await firstGood(places.map((place) => probe(healthSocket(place, program), which, PROBE_MS)));
      return problems.length === 0
        ? []
        : [`${program}: ${problems.find((one) => one !== "not running") ?? problems[0]}`];
    }),
  );
  return found.flat();
}

/** @returns nothing as soon as one is well, whatever the others still wait for; else what is wrong with each */
async function firstGood(results: readonly Promise<string | undefined>[]): Promise<readonly (string | undefined)[]> {
  const good = results.map(async (result) => {
    const problem = await result;
    if (problem !== undefined) throw new Error(problem);
    return [];
  });
  return await Promise.any(good).catch(async () => await Promise.all(results));
}

/** In the first of these places in which it answers; its lock may be in another one, if that one's disk hung when it started. */
async function queryIn(places: readonly string[], program: string): Promise<Queried> {
  let best: Queried | undefined;
  for (const place of places) {
    const queried = await query(place, program);
    if (queried.outcome.kind === "responded") return queried;
    if (best === undefined || best.outcome.kind === "not running") best = queried;
  }
  return best as Queried;
}

async function query(statePath: string, program: string): Promise<Queried> {
  const { requestHealth } = await import("../status/client.ts");
  const outcome = await requestHealth(healthSocket(statePath, program), TIMEOUT_MS);
  const isHung = outcome.kind === "no response" && outcome.diskHangs === true;
  if (outcome.kind === "responded" || isHung) return { program, outcome };
  const { lockHolder } = await import("../notify/state-lock.ts");
  const pid = lockHolder(statePath, program);
  if (outcome.kind !== "not running" || pid === undefined) return { program, outcome, pid };
  const reason = "it runs, but nothing listens on its socket: it is starting or stopping, or the reason is in its log";
  return { program, outcome: { kind: "no response", reason }, pid };
}

/** Those that have left a database or a socket in one of these places; from one whose disk hangs, others' names are missing. */
export async function programsIn(
  places: readonly string[],
  warn: ((line: string) => void) | undefined,
  limitMs?: number,
): Promise<readonly string[]> {
  const files = await Promise.all(places.map(async (place) => await filesIn(place, warn, limitMs)));
  const names = files
    .flat()
    .flatMap((file) =>
      [DATABASE_SUFFIX, SOCKET_SUFFIX]
        .filter((suffix) => file.endsWith(suffix))
        .map((suffix) => file.slice(0, -suffix.length)),
    );
  return [...new Set(names)].sort();
}

/** The same; `isHung`: the disk of a place does not respond, so that there may be others. */
export async function programsThatRan(
  places: readonly string[],
  warn: ((line: string) => void) | undefined,
): Promise<{ readonly found: readonly string[]; readonly isHung: boolean }> {
  let isHung = false;
  const found = await programsIn(places, (line) => {
    isHung = true;
    warn?.(line);
  });
  return { found, isHung };
}

async function filesIn(
  statePath: string,
  warn: ((line: string) => void) | undefined,
  limitMs: number | undefined,
): Promise<readonly string[]> {
  try {
    return await namesIn(statePath, limitMs);
  } catch (error) {
    if (!(error instanceof DiskHungError)) throw error;
    warn?.(error.message);
    return [];
  }
}

const verdictOf = ({ outcome }: Queried): Verdict =>
  outcome.kind === "responded" ? outcome.report.verdict : "failing";

const reportOf = ({ outcome }: Queried): ReceivedReport | undefined =>
  outcome.kind === "responded" ? outcome.report : undefined;

function listing(queried: readonly Queried[]): string {
  const shown = table(queried, [
    ["MONITOR", ({ program }) => program],
    ["PID", (one) => reportOf(one)?.pid ?? one.pid],
    ["VERSION", (one) => reportOf(one)?.version],
    ["UP SINCE", (one) => time(reportOf(one)?.started_at)],
    ["STATUS", (one) => reportOf(one)?.verdict ?? one.outcome.kind],
    ["LONGEST DELAY", (one) => longestDelay(reportOf(one))],
    ["OUTBOX", (one) => outbox(reportOf(one))],
  ]);
  const wrong = queried.flatMap((one) => problemLines(one).map((text) => `${one.program}: ${text}`));
  const lines = wrong.map((line) => `${onOneLine(line)}\n`);
  return lines.length === 0 ? shown : `${shown}\n${lines.join("")}`;
}

function problemLines({ program, outcome }: Queried): string[] {
  switch (outcome.kind) {
    case "responded":
      return outcome.report.problems.map(
        ({ severity, reason, since, seconds }) =>
          `${severity} for ${seconds < 1 ? "less than 1s" : age(seconds * 1000)} (since ${time(since)}): ${reason}`,
      );
    case "not running":
      return [`not running: nothing listens on its socket; ${remedyIfNotRunning(program)}`];
    case "no response":
    case "not allowed":
      return [`${outcome.kind}: ${outcome.reason}`];
  }
}

function outbox(report: ReceivedReport | undefined): string | undefined {
  if (report === undefined) return undefined;
  const { pending, oldest_pending_seconds: oldest } = report.outbox;
  return pending === 0 ? "empty" : `${pending} waiting, the oldest for ${age((oldest ?? 0) * 1000)}`;
}

/** How long its event loop was held up at most since the start: nothing is seen, decided or sent meanwhile. */
function longestDelay(report: ReceivedReport | undefined): string | undefined {
  const seconds = report?.event_loop?.worst_delay_seconds;
  return seconds === undefined ? undefined : `${seconds.toFixed(3)} s`;
}

/** `2026-11-23T17:47:28Z`: UTC, as in the notifications. */
function time(iso: string | undefined): string | undefined {
  return iso?.replace(/\.\d+Z$/, "Z");
}

/** The monitor's own report, or why there is none. */
function toJson({ program, outcome, pid }: Queried): Record<string, unknown> {
  if (outcome.kind === "responded") return { state: "running", ...outcome.report };
  const reason = "reason" in outcome ? outcome.reason : null;
  return { state: outcome.kind.replaceAll(" ", "_"), program, pid: pid ?? null, verdict: "failing", reason };
}
