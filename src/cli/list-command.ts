import type { Command } from "commander";
import type { ReceivedSubject, SubjectsOutcome } from "../status/client.ts";
import { healthSocket } from "../status/socket-path.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { firstResponse } from "./first-response.ts";
import { monitorsNamed } from "./monitor-names.ts";
import { programsThatRan, type StatusCommandParts } from "./status-command.ts";
import { onOneLine, table } from "./table.ts";

const TIMEOUT_MS = 5000;
/** Enough for a sentence; `--json` has all of it. Characters. */
const EVENT_LENGTH = 120;

const HELP = `
Queries the running monitors through their sockets in [DEFAULT] state_path. SINCE is when the monitor first observed the state; LAST EVENT
is the last line of the log about it since the monitor was started.

Exit status: 0 if all responded, 2 if one does not run or does not answer.`;

interface Row extends ReceivedSubject {
  readonly program: string;
}

/** Adds `list`: what each monitor watches, and how it is. @returns the command, for further options */
export function registerListCommand(program: Command, parts: StatusCommandParts): Command {
  return program
    .command("list")
    .description("list what this host's monitors watch (processes, guests, hosts), and the state of each")
    .argument("[MONITOR...]", "which monitors, e.g. processmonitor; all that have run here without a name")
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action(async (names: string[], { json = false }: { json?: boolean }) => {
      parts.exit(2);
      const statePath = await parts.statePath();
      const places = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
      const { found, isHung } = await programsThatRan(places, parts.warn);
      const programs = names.length > 0 ? monitorsNamed(names, found) : found;
      if (programs.length === 0) {
        if (json || !isHung)
          parts.out.write(json ? "[]\n" : `no monitor has run with ${statePath} ([DEFAULT] state_path)\n`);
        return;
      }
      const queried = await Promise.all(programs.map(async (name) => ({ name, outcome: await queryIn(places, name) })));
      const rows: Row[] = queried.flatMap(({ name, outcome }) =>
        outcome.kind === "responded" ? outcome.subjects.map((one) => ({ program: name, ...one })) : [],
      );
      const silent = queried.flatMap(({ name, outcome }) =>
        outcome.kind === "responded" ? [] : [`${name}: ${whyOf(outcome)}`],
      );
      if (json) parts.out.write(`${printableJson(rows, 2)}\n`);
      else parts.out.write(listing(rows, queried.length > silent.length));
      // Beside a JSON document there is no place for it.
      if (!json) parts.out.write(silent.map((line) => `${onOneLine(line)}\n`).join(""));
      parts.exit(silent.length > 0 ? 2 : 0);
    });
}

async function queryIn(places: readonly string[], program: string): Promise<SubjectsOutcome> {
  const { requestSubjects } = await import("../status/client.ts");
  return await firstResponse(places, (place) => requestSubjects(healthSocket(place, program), TIMEOUT_MS));
}

const shortened = (text: string): string => (text.length > EVENT_LENGTH ? `${text.slice(0, EVENT_LENGTH - 1)}…` : text);

const whyOf = (outcome: { readonly kind: string; readonly reason?: string }): string =>
  outcome.reason === undefined ? outcome.kind : `${outcome.kind}: ${outcome.reason}`;

function listing(rows: readonly Row[], anyResponded: boolean): string {
  if (rows.length === 0) return anyResponded ? "nothing is watched\n" : "";
  return table(rows, [
    ["MONITOR", ({ program }) => program],
    ["KIND", ({ kind }) => kind],
    ["NAME", ({ name }) => name],
    ["STATE", ({ phase }) => phase],
    ["SINCE", ({ since, seconds }) => `${since.replace(/\.\d+Z$/, "Z")} (${age(seconds * 1000)})`],
    ["LAST EVENT", ({ last_event: event }) => event && `${event.at.slice(11, 19)} ${shortened(event.text)}`],
  ]);
}
