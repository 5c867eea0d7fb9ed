import type { Command } from "commander";
import type { Config } from "../config/sections.ts";
import { userAgent } from "../http/user-agent.ts";
import { describeNotification } from "../notify/entry.ts";
import { messageOf } from "../system/message-of.ts";
import { printableJson } from "../system/printable.ts";
import { silentLog } from "../system/silent-log.ts";
import { systemClock } from "../system/system-clock.ts";
import type { Circumstances } from "./compare/explain.ts";
import type { InMasakari } from "./compare/fetch-received.ts";
import { generatedAt, oursAt, type Pair, pairsOf, type Shadowed, theirsAt } from "./compare/pairs.ts";
import type { Recorded } from "./compare/recorded.ts";
import { parseDuration } from "./duration.ts";
import { entriesIn } from "./outbox-command.ts";
import { onOneLine, table } from "./table.ts";
import { packageVersion } from "./version.ts";

export interface CompareCommandParts {
  /** Read when the command runs. */
  readonly config: () => Config;
  /** Where the monitors may keep their state if they cannot have `[DEFAULT] state_path`. */
  readonly otherPlaces: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** ms since the epoch. */
  readonly now: () => number;
  readonly exit: (code: number) => void;
}

const HELP = `
For monitors that run with [notifications] shadow = true beside others, such as the Python monitors, which notify Masakari. Each line is one
event: what was recorded here, what Masakari received about it, and how or why they differ. Below the table is what this host's flight recorder
has about each difference. Hosts are those of this host's segment.

Exit status: 0 if both have the same events, 1 if they differ, 2 if they cannot be compared.`;

/** Adds `compare`. @returns the command, for further options */
export function registerCompareCommand(program: Command, parts: CompareCommandParts): Command {
  return program
    .command("compare")
    .description("put what shadow mode recorded beside what Masakari received from other monitors")
    .option("--since <DURATION>", "how far back to look: 90m, 12h, 2d", "24h")
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action(async ({ since, json = false }: { since: string; json?: boolean }) => {
      parts.exit(2);
      const seconds = parseDuration(since);
      if (seconds === undefined) throw new Error(`--since ${since} is no duration: give one such as 90m, 12h or 2d`);
      const rows = await compare(parts, parts.now() - seconds * 1000);
      if (json) parts.out.write(`${printableJson(rows.map(toJson), 2)}\n`);
      else parts.out.write(rows.length === 0 ? `nothing was recorded or received in ${since}\n` : listing(rows));
      parts.exit(rows.every(({ pair }) => pair.shadowed !== undefined && pair.received !== undefined) ? 0 : 1);
    });
}

interface Row {
  readonly pair: Pair;
  readonly difference: string;
  /** What the flight recorder has about it, in order; nothing where both are alike. */
  readonly recorded: readonly string[];
}

/** Both poll, and both restart a process before they report it: only a longer delay is explained. ms */
const NOTABLE_DELAY_MS = 5000;
/** The latest differences for which recordings are searched: each is compared with every record. */
const MOST_STORIES = 200;

async function compare({ config, otherPlaces }: CompareCommandParts, since: number): Promise<readonly Row[]> {
  const { explain } = await import("./compare/explain.ts");
  const { api, DEFAULT } = config();
  const entries = (await entriesIn({ otherPlaces }, DEFAULT.state_path, true)).filter(
    ({ notification }) => generatedAt(notification.generated_time) >= since,
  );
  const inMasakari = await ask(api, DEFAULT.hostname, since);
  const shadowed = entries.filter(({ state }) => state === "shadowed");
  const withdrawn = entries.filter(({ state }) => state === "superseded" || state === "dropped");
  const sent = new Set(entries.flatMap(({ notification_uuid: uuid }) => uuid ?? []));
  const circumstances: Circumstances = { ...inMasakari, shadowed, withdrawn, sent, since: earliest(shadowed) };
  const pairs = pairsOf(shadowed, inMasakari.received);
  const differing = pairs.filter(differs).slice(-MOST_STORIES);
  const recorded = await recordingsAbout(differing, { otherPlaces, statePath: DEFAULT.state_path });
  return pairs.map((pair) => {
    const found = recorded.get(pair);
    return { pair, difference: explain(pair, circumstances, found), recorded: found?.lines ?? [] };
  });
}

function differs({ shadowed, received }: Pair): boolean {
  if (shadowed === undefined || received === undefined) return true;
  return Math.abs(oursAt(shadowed) - theirsAt(received)) >= NOTABLE_DELAY_MS;
}

/** Nothing where nothing is recorded. @throws RecordingError, or the system's error: who may read the outbox may read a recording */
async function recordingsAbout(
  pairs: readonly Pair[],
  { otherPlaces, statePath }: Pick<CompareCommandParts, "otherPlaces"> & { readonly statePath: string },
): Promise<ReadonlyMap<Pair, Recorded>> {
  const [{ recordedAbout }, { recordingsOf }, { storyOf }, { subjectOf }] = await Promise.all([
    import("./compare/recorded.ts"),
    import("./recording/paths.ts"),
    import("./recording/story.ts"),
    import("./compare/explain.ts"),
  ]);
  const paths = recordingsOf({ statePath, otherPlaces: otherPlaces(statePath) });
  if (paths.length === 0 || pairs.length === 0) return new Map();
  const questions = pairs.map(({ at, event: { type, payload, hostname } }) => {
    return { at, type, subject: subjectOf(payload) || hostname };
  });
  const recorded = recordedAbout(questions, storyOf(paths));
  return new Map(pairs.flatMap((pair, index) => (recorded[index] === undefined ? [] : [[pair, recorded[index]]])));
}

async function ask(api: Config["api"], hostname: string, since: number): Promise<InMasakari> {
  const { createSession } = await import("../openstack/create-session.ts");
  const { MasakariClient } = await import("../openstack/masakari.ts");
  const { fetchReceived } = await import("./compare/fetch-received.ts");
  const context = {
    userAgent: userAgent("masakari-monitors", packageVersion()),
    clock: systemClock,
    log: silentLog,
  };
  const session = await createSession(api, context);
  try {
    return await fetchReceived(new MasakariClient(session), hostname, since);
  } catch (error) {
    throw new Error(session.redact(messageOf(error)), { cause: error });
  } finally {
    session.close();
  }
}

/** Of each type of notification, ms since the epoch. */
function earliest(shadowed: readonly Shadowed[]): ReadonlyMap<string, number> {
  const since = new Map<string, number>();
  for (const { notification } of shadowed) {
    const at = generatedAt(notification.generated_time);
    since.set(notification.type, Math.min(at, since.get(notification.type) ?? at));
  }
  return since;
}

const time = (at: number): string => new Date(at).toISOString().slice(11, 23);

function listing(rows: readonly Row[]): string {
  const stories = rows
    .filter(({ recorded }) => recorded.length > 0)
    .map(({ pair: { at, event }, recorded }) => {
      const head = `${new Date(at).toISOString()} ${describeNotification(event)}: recorded here`;
      return `\n${[head, ...recorded.map((line) => `  ${line}`)].map((line) => `${onOneLine(line)}\n`).join("")}`;
    });
  return `${tableOf(rows)}${stories.join("")}`;
}

function tableOf(rows: readonly Row[]): string {
  return table(rows, [
    ["TIME", ({ pair: { at } }) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z")],
    ["NOTIFICATION", ({ pair: { event } }) => describeNotification(event)],
    ["HERE", ({ pair: { shadowed } }) => shadowed && time(oursAt(shadowed))],
    ["MASAKARI", ({ pair: { received } }) => received && `${time(theirsAt(received))} ${received.stored.status}`],
    ["DIFFERENCE", ({ difference }) => difference],
  ]);
}

function toJson({ pair: { at, shadowed, received }, difference, recorded }: Row) {
  return {
    at: new Date(at).toISOString(),
    recorded: shadowed === undefined ? null : { program: shadowed.program, ...shadowed.notification },
    received: received === undefined ? null : received.stored,
    difference,
    recorded_decisions: recorded,
  };
}
