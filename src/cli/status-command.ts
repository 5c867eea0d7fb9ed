import { existsSync, readdirSync } from "node:fs";
import type { Command } from "commander";
import type { Answer } from "../status/client.ts";
import type { Report } from "../status/report.ts";
import { healthSocket, SOCKET_SUFFIX } from "../status/socket-path.ts";
import { worst } from "../status/verdict.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { onOneLine, table } from "./table.ts";

/** What the command needs of the program it is part of. */
export interface StatusCommandParts {
  /** `[DEFAULT] state_path`, read from the configuration when the command runs. */
  readonly statePath: () => string | Promise<string>;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces?: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** Takes the exit status. */
  readonly exit: (status: number) => void;
}

/** One monitor, and what came of asking it. */
interface Asked {
  readonly program: string;
  readonly answer: Answer;
  /** Of one that does not answer, as far as it can be seen. */
  readonly pid?: number | undefined;
}

const TIMEOUT_MS = 2000;
const DATABASE_SUFFIX = ".sqlite";
const EXIT = { ok: 0, degraded: 1, failing: 2 } as const;

const HELP = `
Asks every monitor that has run with this configuration: each has a database, and while it runs a socket, in
[DEFAULT] state_path. Name some to ask only these, for instance on a host that does not use the others any more.

  ok            it watches, and nothing that it depends on is known to be away
  degraded      something is away (libvirt, Masakari, the disk ...) or wants an operator; nothing is lost
  failing       it does not watch, or a stop now would lose notifications
  not running   nobody listens: it was stopped or killed
  no answer     it listens and does not answer within 2 s: it hangs, or was stopped with SIGSTOP

Exit status: 0 if all are ok, 1 if one is degraded, 2 if one is failing, is not running or does not answer.`;

/**
 * Adds `status` to a program. The action rejects for what keeps it from asking at all.
 * @returns the command, for further options
 */
export function registerStatusCommand(program: Command, parts: StatusCommandParts): Command {
  return program
    .command("status")
    .description("how the monitors of this host are, and what is wrong since when")
    .argument("[MONITOR...]", "which ones, e.g. processmonitor; all that have run here without a name")
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action(async (names: string[], { json = false }: { json?: boolean }) => {
      // Whoever only looks at the status must not take an error for a warning.
      parts.exit(EXIT.failing);
      const statePath = await parts.statePath();
      const places = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
      const found = [...new Set(places.flatMap(programsIn))].sort();
      const programs = names.length > 0 ? [...new Set(names.map(shortName))] : found;
      const asked = await Promise.all(programs.map((one) => askIn(places, one)));
      if (json) parts.out.write(`${printableJson(asked.map(toJson), 2)}\n`);
      else if (asked.length === 0) parts.out.write(`no monitor has run with ${statePath} ([DEFAULT] state_path)\n`);
      else parts.out.write(listing(asked));
      parts.exit(asked.length === 0 ? EXIT.failing : EXIT[worst(asked.map(verdictOf))]);
    });
}

/** In the first of these places in which it runs. */
async function askIn(places: readonly string[], program: string): Promise<Asked> {
  let first: Asked | undefined;
  for (const place of places) {
    const asked = await ask(place, program);
    if (asked.answer.kind !== "not running") return asked;
    first ??= asked;
  }
  return first as Asked;
}

async function ask(statePath: string, program: string): Promise<Asked> {
  const { askHealth } = await import("../status/client.ts");
  const answer = await askHealth(healthSocket(statePath, program), TIMEOUT_MS);
  if (answer.kind === "answered") return { program, answer };
  const { lockHolder } = await import("../notify/state-lock.ts");
  const pid = lockHolder(statePath, program);
  if (answer.kind !== "not running" || pid === undefined) return { program, answer, pid };
  const reason = "it runs, but nobody listens on its socket: it starts or stops just now, or its log says why";
  return { program, answer: { kind: "no answer", reason }, pid };
}

export const shortName = (name: string): string => name.replace(/^masakari-/, "");

/** Those that have left a database or a socket there. */
export function programsIn(statePath: string): string[] {
  if (!existsSync(statePath)) return [];
  const names = filesIn(statePath).flatMap((file) =>
    [DATABASE_SUFFIX, SOCKET_SUFFIX]
      .filter((suffix) => file.endsWith(suffix))
      .map((suffix) => file.slice(0, -suffix.length)),
  );
  return names;
}

function filesIn(statePath: string): string[] {
  try {
    return readdirSync(statePath);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${statePath} ([DEFAULT] state_path) cannot be read; run this as root or as the monitors' user: ${why}`,
    );
  }
}

const verdictOf = ({ answer }: Asked): Report["verdict"] =>
  answer.kind === "answered" ? answer.report.verdict : "failing";

const reportOf = ({ answer }: Asked): Report | undefined => (answer.kind === "answered" ? answer.report : undefined);

function listing(asked: readonly Asked[]): string {
  const shown = table(asked, [
    ["MONITOR", ({ program }) => program],
    ["PID", (one) => reportOf(one)?.pid ?? one.pid],
    ["VERSION", (one) => reportOf(one)?.version],
    ["UP SINCE", (one) => time(reportOf(one)?.started_at)],
    ["STATUS", (one) => reportOf(one)?.verdict ?? one.answer.kind],
    ["LONGEST DELAY", (one) => longestDelay(reportOf(one))],
    ["OUTBOX", (one) => outbox(reportOf(one))],
  ]);
  const wrong = asked.flatMap(({ program, answer }) => troubles(answer).map((text) => `${program}: ${text}`));
  const lines = wrong.map((line) => `${onOneLine(line)}\n`);
  return lines.length === 0 ? shown : `${shown}\n${lines.join("")}`;
}

function troubles(answer: Answer): string[] {
  switch (answer.kind) {
    case "answered":
      return answer.report.problems.map(
        ({ severity, reason, since, seconds }) =>
          `${severity} for ${age(seconds * 1000)} (since ${time(since)}): ${reason}`,
      );
    case "not running":
      return ["not running: nobody listens on its socket"];
    case "no answer":
    case "not allowed":
      return [`${answer.kind}: ${answer.reason}`];
  }
}

function outbox(report: Report | undefined): string | undefined {
  if (report === undefined) return undefined;
  const { pending, oldest_pending_seconds: oldest } = report.outbox;
  return pending === 0 ? "empty" : `${pending} waiting, the oldest for ${age((oldest ?? 0) * 1000)}`;
}

/** How long its event loop was held up at most since the start: nothing is seen, decided or sent meanwhile. */
function longestDelay(report: Report | undefined): string | undefined {
  const seconds = report?.event_loop?.worst_delay_seconds;
  return seconds === undefined ? undefined : `${seconds.toFixed(3)} s`;
}

/** `2026-11-23T17:47:28Z`: UTC, as in the notifications. */
function time(iso: string | undefined): string | undefined {
  return iso?.replace(/\.\d+Z$/, "Z");
}

/** The monitor's own report, or why there is none. */
function toJson({ program, answer, pid }: Asked): Record<string, unknown> {
  if (answer.kind === "answered") return { state: "running", ...answer.report };
  const reason = "reason" in answer ? answer.reason : null;
  return { state: answer.kind.replaceAll(" ", "_"), program, pid: pid ?? null, verdict: "failing", reason };
}
