import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostSettings } from "../../src/host/observation.ts";
import { SETTINGS } from "../support/host-cluster.ts";
import { Seeded } from "../support/seeded.ts";
import { commandOf, timeFrom } from "./host-commands.ts";
import { type DataCentre, HostWorld } from "./host-world.ts";

/** Each thing takes the time in the middle of what it may take, so that a log can be compared. */
class MiddleValues extends Seeded {
  override readonly next = (): number => 0.5;
}

/** What a scenario begins with, before its first command. */
interface Setup {
  members: readonly string[];
  remotes: readonly string[];
  monitors: readonly string[] | undefined;
  fencing: DataCentre["fencing"];
  settings: HostSettings;
}

/** A scenario is a folder with `commands`, what happens line by line, and `expected.log`, what an operator then sees. */
export class HostScenario {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get commandsPath(): string {
    return join(this.folder, "commands");
  }

  get expectedPath(): string {
    return join(this.folder, "expected.log");
  }

  /** @throws Error a line is not understood: file, line number and reason */
  async play(): Promise<HostWorld> {
    const setup: Setup = {
      members: ["a", "b", "c"],
      remotes: [],
      monitors: undefined,
      fencing: "reboot",
      settings: { ...SETTINGS, report_at_once: false },
    };
    let world: HostWorld | undefined;
    for (const [index, raw] of readFileSync(this.commandsPath, "utf8").split("\n").entries()) {
      const line = raw.replace(/#.*/, "").trim();
      if (line === "") continue;
      try {
        if (world === undefined && takeSetup(setup, line)) continue;
        world ??= begin(setup);
        await obey(world, line);
      } catch (cause) {
        throw new Error(`${this.commandsPath}:${index + 1}: ${(cause as Error).message}`, { cause });
      }
    }
    if (world === undefined) throw new Error(`${this.commandsPath}: nothing happens in it`);
    world.invariants.judge();
    return world;
  }
}

/** @returns false: the line is none of the setup */
function takeSetup(setup: Setup, line: string): boolean {
  const [word = "", ...rest] = line.split(/\s+/);
  switch (word) {
    case "members":
    case "remotes":
    case "monitors":
      setup[word] = rest;
      return true;
    case "fencing": {
      const [kind] = rest;
      if (kind !== "off" && kind !== "reboot" && kind !== "none") throw new Error("fencing is off, reboot or none");
      setup.fencing = kind;
      return true;
    }
    case "set": {
      const [name = "", value = ""] = rest;
      if (!Object.hasOwn(setup.settings, name)) throw new Error(`there is no option ${name}`);
      setup.settings = { ...setup.settings, [name]: JSON.parse(value) as unknown };
      return true;
    }
    default:
      return false;
  }
}

function begin({ members, remotes, monitors, fencing, settings }: Setup): HostWorld {
  const world = new HostWorld({ random: new MiddleValues(0), members, remotes, monitors, fencing, settings });
  world.startPrograms();
  return world;
}

async function obey(world: HostWorld, line: string): Promise<void> {
  const [word, time = ""] = line.split(/\s+/);
  if (word === "wait") return await world.clock.advance(timeFrom(time));
  const { run, parts } = commandOf(line);
  world.timeline.add("--", line);
  run(world, parts);
  world.align();
  world.cluster.disturbed();
}

/** What an operator sees of it: the time line, what Masakari stored, and which conditions are set in the end. */
export function reportOf(world: HostWorld): string {
  const stored = world.masakari.api.stored.map(
    ({ notification: { hostname, payload } }) => `  ${hostname} ${payload.event} ${payload.host_status}`,
  );
  const conditions = world.hosts.flatMap(({ machine, program }) =>
    [...(program?.state.problems ?? [])].map(([name, { problem }]) => `  ${machine.name}: ${name}: ${problem}`),
  );
  return [
    ...world.timeline.readable,
    "",
    "Stored by Masakari:",
    ...(stored.length > 0 ? stored : ["  nothing"]),
    "Conditions at the end:",
    ...(conditions.length > 0 ? conditions : ["  none"]),
    "",
  ].join("\n");
}
