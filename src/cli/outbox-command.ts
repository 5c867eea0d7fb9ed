import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { describeNotification, type Entry } from "../notify/entry.ts";
import type { StateFile } from "../notify/state-file.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { onOneLine, table } from "./table.ts";

/** What the command needs of the program it is part of. */
export interface OutboxCommandParts {
  /** `[DEFAULT] state_path`, read from the configuration when the command runs. */
  readonly statePath: () => string | Promise<string>;
  readonly out: { write(text: string): unknown };
  /** ms since the Unix epoch. */
  readonly now: () => number;
}

interface Listed extends Entry {
  readonly program: string;
}

/** The command cannot do what was asked; the message is for the operator. */
export class OutboxCommandError extends Error {
  readonly code = "OUTBOX_COMMAND";
  override readonly name = "OutboxCommandError";
}

/**
 * Adds `outbox` (list) and `outbox drop` to a program. Both work while the monitors run: a monitor looks at an entry's row
 * right before each attempt. The actions reject with OutboxCommandError or StateFileError.
 * @returns the `outbox` command, for further options
 */
export function registerOutboxCommand(program: Command, parts: OutboxCommandParts): Command {
  const outbox = program
    .command("outbox")
    .description("list the notifications that Masakari has not been told yet")
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
    .requiredOption("--reason <text>", "why; it is logged and kept")
    // Commander gives an option of the same name to the parent: both are asked.
    .action(async (ids: string[], _options: unknown, command: Command) => {
      await drop(parts, ids, command.optsWithGlobals<{ all?: boolean; program?: string; reason: string }>());
    });
  return outbox;
}

async function list(parts: OutboxCommandParts, all: boolean, json: boolean): Promise<void> {
  const statePath = await parts.statePath();
  const listed: Listed[] = [];
  await eachFile(statePath, undefined, (program, file) => {
    const entries = [...file.load().entries, ...(all ? file.ended() : [])];
    listed.push(...entries.map((entry) => ({ program, ...entry })));
  });
  if (json) parts.out.write(`${printableJson(listed.map(toJson), 2)}\n`);
  else parts.out.write(listed.length === 0 ? emptyLine(statePath) : listing(listed, parts.now()));
}

interface DropOptions {
  readonly all?: boolean;
  readonly program?: string;
  readonly reason: string;
}

async function drop(parts: OutboxCommandParts, ids: readonly string[], options: DropOptions): Promise<void> {
  const { all = false, program, reason } = options;
  if (reason.trim() === "") throw new OutboxCommandError("--reason must say why: it is what your successor will read");
  if (all === ids.length > 0) throw new OutboxCommandError("name the ids to drop, or --all, not both");
  if (all && program === undefined) throw new OutboxCommandError("--all needs --program: whose notifications?");
  const unknown = new Set(ids);
  await eachFile(await parts.statePath(), program, (name, file) => {
    const chosen = file.load().entries.filter((entry) => all || unknown.delete(entry.id));
    const endedWall = parts.now();
    file.write({ entries: chosen.map((entry) => ({ ...entry, state: "dropped", reason, endedWall })), saved: [] });
    for (const entry of chosen)
      parts.out.write(`dropped ${entry.id} (${name}): ${onOneLine(describeNotification(entry.notification))}\n`);
    if (all && chosen.length === 0) parts.out.write(`nothing is pending in ${name}\n`);
  });
  if (unknown.size > 0) {
    throw new OutboxCommandError(`not pending: ${[...unknown].join(", ")} (\`outbox --all\` shows how it ended)`);
  }
}

/** Visits the file of every program, or of the one named, in order of their names. */
async function eachFile(
  statePath: string,
  only: string | undefined,
  visit: (program: string, file: StateFile) => void,
): Promise<void> {
  if (!existsSync(statePath)) {
    throw new OutboxCommandError(
      `${statePath} ([DEFAULT] state_path) does not exist: no monitor has run here with this configuration`,
    );
  }
  const programs = readdirSync(statePath)
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => basename(name, ".sqlite"))
    .filter((name) => only === undefined || name === only);
  if (only !== undefined && programs.length === 0) {
    throw new OutboxCommandError(`${join(statePath, `${only}.sqlite`)} does not exist: ${only} has not run here`);
  }
  const { visitStateFile } = await import("../notify/state-file.ts");
  for (const program of programs.sort()) {
    const file = visitStateFile(join(statePath, `${program}.sqlite`));
    try {
      visit(program, file);
    } finally {
      file.close();
    }
  }
}

function emptyLine(statePath: string): string {
  return `nothing to list in ${statePath}: everything was delivered or ended otherwise\n`;
}

function listing(entries: readonly Listed[], now: number): string {
  return table(entries, [
    ["ID", ({ id }) => id],
    ["PROGRAM", ({ program }) => program],
    ["STATE", ({ state }) => state],
    ["AGE", ({ created }) => age(now - created.wall)],
    ["SUBJECT", ({ subject }) => subject],
    ["ATTEMPTS", ({ attempts }) => attempts],
    ["LAST REASON", ({ reason }) => reason],
  ]);
}

/** The documented shape: snake_case as everywhere in OpenStack, times in ISO 8601. */
function toJson(entry: Listed): Record<string, unknown> {
  return {
    id: entry.id,
    program: entry.program,
    state: entry.state,
    subject: entry.subject,
    attempts: entry.attempts,
    reason: entry.reason ?? null,
    notification_uuid: entry.notificationUuid ?? null,
    created_at: new Date(entry.created.wall).toISOString(),
    ended_at: entry.endedWall === undefined ? null : new Date(entry.endedWall).toISOString(),
    notification: entry.notification,
  };
}
