import type { Command } from "commander";
import type { ArmedOutcome } from "../status/client.ts";
import { healthSocket } from "../status/socket-path.ts";
import { printableJson } from "../system/printable.ts";
import { age } from "./age.ts";
import { firstResponse } from "./first-response.ts";
import { monitorsNamed, remedyIfNotRunning } from "./monitor-names.ts";
import { programsThatRan, type StatusCommandParts } from "./status-command.ts";
import { table } from "./table.ts";

const TIMEOUT_MS = 2000;
const NOT_RUNNING = "not running";
const EXIT = { armed: 0, held: 1, disarmed: 2, blind: 2 } as const;

const HELP = `
Would a failure be acted on now? One line for each monitor that has run with this configuration, or for those that are named:

  armed       a failure would be noticed, and Masakari would act on it, as far as that can be known beforehand
  held        it would be noticed, and reported when what holds it is over: Masakari does not answer, there is no quorum ...
  disarmed    it would be noticed, and Masakari would do nothing: the host is on maintenance or in no segment, disarm ...
  blind       it would not be noticed: the monitor does not run or is stuck, there is no connection to libvirt ...

Exit status: 0 if all are armed, 1 if one is held, 2 if one is disarmed or blind.`;

interface Row {
  readonly monitor: string;
  readonly state: keyof typeof EXIT;
  readonly since: string | null;
  readonly seconds: number | null;
  readonly reason: string | null;
}

/** Adds `armed`. @returns the command, for further options */
export function registerArmedCommand(program: Command, parts: StatusCommandParts): Command {
  return program
    .command("armed")
    .description("show whether this host's monitors would act on a failure now, and if not, why and since when")
    .argument("[MONITOR...]", "which ones, e.g. processmonitor; all that have run here without a name")
    .option("--json", "as JSON")
    .addHelpText("after", HELP)
    .action(async (names: string[], { json = false }: { json?: boolean }) => {
      parts.exit(2);
      const statePath = await parts.statePath();
      const places = [statePath, ...(parts.otherPlaces?.(statePath) ?? [])];
      const { found, isHung } = await programsThatRan(places, parts.warn);
      const programs = names.length > 0 ? monitorsNamed(names, found) : found;
      const rows = await Promise.all(programs.map(async (name) => rowOf(name, await query(places, name))));
      if (json) parts.out.write(`${printableJson(rows, 2)}\n`);
      else if (rows.length > 0) parts.out.write(listing(rows));
      else if (!isHung) parts.out.write(`no monitor has run with ${statePath} ([DEFAULT] state_path)\n`);
      parts.exit(rows.length === 0 ? 2 : Math.max(...rows.map(({ state }) => EXIT[state])));
    });
}

async function query(places: readonly string[], program: string): Promise<ArmedOutcome> {
  const { requestArmed } = await import("../status/client.ts");
  return await firstResponse(places, (place) => requestArmed(healthSocket(place, program), TIMEOUT_MS));
}

function rowOf(monitor: string, outcome: ArmedOutcome): Row {
  if (outcome.kind === "responded") {
    const { state, since, seconds, reason = null } = outcome.armed;
    return { monitor, state, since, seconds, reason };
  }
  const reason = "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
  return { monitor, state: "blind", since: null, seconds: null, reason };
}

function listing(rows: readonly Row[]): string {
  return table(rows, [
    ["MONITOR", ({ monitor }) => monitor],
    ["STATE", ({ state }) => state],
    ["SINCE", ({ since, seconds }) => since && `${since.replace(/\.\d+Z$/, "Z")} (${age((seconds ?? 0) * 1000)})`],
    ["WHY", ({ monitor, reason }) => (reason === NOT_RUNNING ? `${reason}; ${remedyIfNotRunning(monitor)}` : reason)],
  ]);
}
