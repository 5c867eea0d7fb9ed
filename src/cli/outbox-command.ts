import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { describeNotification } from "../notify/entry.ts";
import { type EntryJson, entryToJson } from "../notify/entry-json.ts";
import type { StateFile } from "../notify/state-file.ts";
import { healthSocket, SOCKET_SUFFIX } from "../status/socket-path.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { namesIn } from "./directory-names.ts";
import type { ReceivedEntries } from "./received-entries.ts";
import { whyNoStateDirectory } from "./state-directory.ts";

import { onOneLine, table } from "./table.ts";

/** What the command needs of the program it is part of. */
export interface OutboxCommandParts {
  /** `[DEFAULT] state_path`, read from the configuration when the command runs. */
  readonly statePath: () => string | Promise<string>;
  /** Where the monitors may keep their state if they cannot have that. */
  readonly otherPlaces?: (statePath: string) => readonly string[];
  readonly out: { write(text: string): unknown };
  /** Takes a line about a disk that hangs; a look at it keeps the process from ending. */
  readonly warn?: (line: string) => void;
  /** ms since the Unix epoch. */
  readonly now: () => number;
}

/** One program's database. */
interface Place {
  readonly program: string;
  /** Undefined: there is only a socket. */
  readonly database: string | undefined;
  /** Where its socket may be: elsewhere if the disk of the database hung when it started. */
  readonly directories: readonly string[];
}

/** The command cannot do what was asked; the message is for the operator. */
export class OutboxCommandError extends Error {
  readonly code = "OUTBOX_COMMAND";
  override readonly name = "OutboxCommandError";
}

/**
 * Adds `outbox` (list) and `outbox drop` to a program. A monitor that runs is asked, since it knows of what a full disk did not
 * take; else its database is read, at whose rows a monitor looks right before each attempt. The actions reject with OutboxCommandError or StateFileError.
 * @returns the `outbox` command, for further options
 */
export function registerOutboxCommand(program: Command, parts: OutboxCommandParts): Command {
  const outbox = program
    .command("outbox")
    .description("list the undelivered notifications")
    .option("--all", "also those that ended lately, and how")
    .option("--json", "as JSON")
    .action(async (options: { all?: boolean; json?: boolean }) => {
      await list(parts, options.all === true, options.json === true);
    });
  outbox
    .command("drop")
    .description("never send these notifications")
    .argument("[id...]", "ids as `outbox` lists them")
    .option("--all", "everything that is pending")
    .option("--program <name>", "only of this program, e.g. processmonitor")
    .requiredOption("--reason <text>", "why; it is logged and kept; required")
    // Commander gives an option of the same name to the parent: both are asked.
    .action(async (ids: string[], _options: unknown, command: Command) => {
      await drop(parts, ids, command.optsWithGlobals<{ all?: boolean; program?: string; reason: string }>());
    });
  return outbox;
}

async function list(parts: OutboxCommandParts, all: boolean, json: boolean): Promise<void> {
  const statePath = await parts.statePath();
  const listed = await entriesIn(parts, statePath, all);
  if (json) parts.out.write(`${printableJson(listed, 2)}\n`);
  else parts.out.write(listed.length === 0 ? emptyLine(statePath) : listing(listed, parts.now()));
}

/** What this host's monitors have in their outboxes. @param all also what has ended lately @throws OutboxCommandError, StateFileError */
export async function entriesIn(
  parts: Pick<OutboxCommandParts, "otherPlaces" | "warn">,
  statePath: string,
  all: boolean,
): Promise<readonly EntryJson[]> {
  const entries: EntryJson[] = [];
  for (const place of await places(parts, statePath, undefined)) {
    const received = (await request(place, { path: all ? "/outbox?all" : "/outbox" }))?.entries;
    entries.push(...(received ?? (await visit(place, [], (file) => stored(place.program, file, all)))));
  }
  return entries;
}

function stored(program: string, file: StateFile, all: boolean): EntryJson[] {
  return [...file.load().entries, ...(all ? file.ended() : [])].map((entry) => entryToJson(program, entry));
}

interface DropOptions {
  readonly all?: boolean;
  readonly program?: string;
  readonly reason: string;
}

async function drop(parts: OutboxCommandParts, ids: readonly string[], options: DropOptions): Promise<void> {
  const { all = false, program, reason } = options;
  if (reason.trim() === "") throw new OutboxCommandError("--reason is empty: give the reason for your successor");
  if (all === ids.length > 0) throw new OutboxCommandError("name the ids to drop, or give --all; not both");
  if (all && program === undefined) throw new OutboxCommandError("--all needs --program: whose notifications?");
  const unknown = new Set(ids);
  for (const place of await places(parts, await parts.statePath(), program)) {
    const wanted = all ? "all" : [...unknown];
    const dropped =
      (await request(place, { path: "/outbox/drop", body: { ids: wanted, reason } }))?.dropped ??
      (await visit(place, [], (file) => dropStored(place.program, file, wanted, reason, parts.now())));
    for (const { id, notification } of dropped) {
      unknown.delete(id);
      parts.out.write(`dropped ${id} (${place.program}): ${onOneLine(describeNotification(notification))}\n`);
    }
    if (all && dropped.length === 0) parts.out.write(`nothing is pending in ${place.program}\n`);
  }
  if (unknown.size > 0) {
    throw new OutboxCommandError(`not pending: ${[...unknown].join(", ")} (\`outbox --all\` shows how it ended)`);
  }
}

function dropStored(
  program: string,
  file: StateFile,
  wanted: readonly string[] | "all",
  reason: string,
  endedWall: number,
): EntryJson[] {
  const chosen = file.load().entries.filter(({ id }) => wanted === "all" || wanted.includes(id));
  const entries = chosen.map((entry) => ({ ...entry, state: "dropped", reason, endedWall }) as const);
  file.write({ entries, saved: [] });
  return entries.map((entry) => entryToJson(program, entry));
}

const DATABASE = ".sqlite";
const TIMEOUT_MS = 2000;

/** The database of every program, or of the one named, in order of their names. @throws DiskHungError */
async function places(
  parts: Pick<OutboxCommandParts, "otherPlaces" | "warn">,
  statePath: string,
  only: string | undefined,
): Promise<readonly Place[]> {
  const directories = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
  let hung: DiskHungError | undefined;
  const listed = await Promise.all(
    directories.map(async (directory) => {
      try {
        return { directory, names: await namesIn(directory) };
      } catch (error) {
        if (!(error instanceof DiskHungError) || parts.warn === undefined) throw error;
        hung = error;
        return { directory, names: [] };
      }
    }),
  );
  if (listed.every(({ names }) => names.length === 0)) {
    // A monitor that runs on a disk that hangs has its socket elsewhere; without one there is nothing to be known.
    if (hung !== undefined) throw hung;
    const problem = whyNoStateDirectory(statePath);
    if (problem !== undefined) throw new OutboxCommandError(problem);
  }
  if (hung !== undefined) parts.warn?.(hung.message);
  const found = listed.flatMap(({ directory, names }) =>
    programsOf(names, DATABASE).map((program) => ({
      program,
      database: join(directory, program + DATABASE),
      directories,
    })),
  );
  const known = new Set(found.map(({ program }) => program));
  const more = listed.flatMap(({ names }) => programsOf(names, SOCKET_SUFFIX)).filter((program) => !known.has(program));
  const wanted = [...found, ...more.map((program) => ({ program, database: undefined, directories }))]
    .filter(({ program }) => only === undefined || program === only)
    .sort((one, other) => (one.program < other.program ? -1 : 1));
  if (only !== undefined && wanted.length === 0) {
    throw new OutboxCommandError(`${join(statePath, only + DATABASE)} does not exist: ${only} has not run here`);
  }
  return wanted;
}

const programsOf = (names: readonly string[], suffix: string): readonly string[] =>
  names.filter((name) => name.endsWith(suffix)).map((name) => basename(name, suffix));

/** @returns undefined if no monitor responds with that: it does not run, hangs, or is of an older release */
async function request(
  { directories, program, database }: Place,
  about: { readonly path: string; readonly body?: object },
): Promise<ReceivedEntries | undefined> {
  const { requestMonitor } = await import("../status/client.ts");
  const { receivedEntries } = await import("./received-entries.ts");
  const { parseJson } = await import("../system/parse-json.ts");
  const first = database === undefined ? [] : [dirname(database)];
  for (const directory of new Set([...first, ...directories])) {
    try {
      const { status, text } = await requestMonitor(healthSocket(directory, program), about, TIMEOUT_MS);
      if (status === 200) return parseJson(receivedEntries, text);
    } catch {
      // Nobody listens there.
    }
  }
  return undefined;
}

/** From a thread of its own, which may have to be left behind on a disk that hangs. @throws DiskHungError */
async function visit<Result>({ database }: Place, nothing: Result, use: (file: StateFile) => Result): Promise<Result> {
  if (database === undefined) return nothing;
  const { diskThread } = await import("./disk.ts");
  const { stateFilesOn } = await import("../notify/state-operations.ts");
  thread ??= diskThread();
  const file = stateFilesOn(thread).visit(database);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

let thread: ReturnType<typeof import("./disk.ts").diskThread> | undefined;

function emptyLine(statePath: string): string {
  return `nothing to list in ${statePath}: everything was delivered or ended otherwise\n`;
}

function listing(entries: readonly EntryJson[], now: number): string {
  return table(entries, [
    ["ID", ({ id }) => id],
    ["PROGRAM", ({ program }) => program],
    ["STATE", ({ state }) => state],
    ["AGE", ({ created_at: created }) => age(now - Date.parse(created))],
    ["SUBJECT", ({ subject }) => subject],
    ["ATTEMPTS", ({ attempts }) => attempts],
    ["LAST REASON", ({ reason }) => reason],
  ]);
}
