import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { playRack } from "./host-rack.ts";
import { HostScenario, reportOf } from "./host-scenario.ts";
import { type Given, HostSchedule } from "./host-schedule.ts";
import { ScheduleTotals } from "./host-totals.ts";

/** `npm run simulate`: a data centre with host monitors, in virtual time. */
const { hosts, members, monitors, seed, schedules, scenario, write, rack, sensing } = new Command("npm run simulate --")
  .description(
    "Plays what can happen to a data centre, with the real decisions, loop, outbox and delivery of its host monitors.",
  )
  .option("--hosts <n>", "how many hosts it has; without it a few, as the seed chooses", count)
  .option(
    "--members <n>",
    "how many of them are full members of the cluster, the others are remotes (default: up to 16)",
    count,
  )
  .option("--monitors <n>", "how many hosts run a monitor, the first by rank (default: up to 48)", count)
  .option("--seed <n>", "which schedule, or the first of several", count, 1)
  .option("--schedules <n>", "play so many seeds, and print the totals instead of a time line", count)
  .option(
    "--rack <n>",
    "so many hosts lose power at once, and nothing else happens: how many requests the API gets",
    count,
  )
  .option("--scenario <folder>", "play the scenario in this folder (docs/simulator.md)")
  .option("--write", "with --scenario: write what comes of it to expected.log")
  .option("--sensing <how>", "whole: with all that the monitors poll; quick: without", "quick")
  .parse()
  .opts<{
    hosts?: number;
    members?: number;
    monitors?: number;
    seed: number;
    schedules?: number;
    scenario?: string;
    write?: boolean;
    rack?: number;
    sensing: string;
  }>();

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("not a whole number of 1 or more");
  return Number(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** @returns the hosts by name, zero-padded, so that they are in the order of their numbers */
function dataCentre(size: number) {
  const digits = String(size).length;
  const names = Array.from({ length: size }, (_, index) => `host-${String(index + 1).padStart(digits, "0")}`);
  const full = Math.min(size, members ?? 16);
  return { members: names.slice(0, full), remotes: names.slice(full), monitors: names.slice(0, monitors ?? 48) };
}

async function playSeeds(given: Given, from: number, howMany: number): Promise<boolean> {
  const totals = new ScheduleTotals();
  for (let one = from; one < from + howMany; one += 1) {
    const schedule = new HostSchedule(one, given);
    await schedule.play();
    totals.add(one, schedule.world);
    for (const violation of schedule.world.invariants.violations) print(`seed ${one}: ${violation}`);
  }
  print(totals.text);
  return totals.isClean;
}

async function playOne(given: Given): Promise<boolean> {
  const schedule = new HostSchedule(seed, given);
  await schedule.play();
  const { world } = schedule;
  print(world.timeline.readable.join("\n"));
  const totals = new ScheduleTotals();
  totals.add(seed, world);
  print(`\n${totals.text}`);
  for (const violation of world.invariants.violations) print(`VIOLATED: ${violation}`);
  return totals.isClean;
}

async function playScenario(folder: string): Promise<boolean> {
  const played = new HostScenario(folder);
  const world = await played.play();
  world.end();
  print(reportOf(world));
  for (const violation of world.invariants.violations) print(`VIOLATED: ${violation}`);
  if (write === true) writeFileSync(played.expectedPath, reportOf(world));
  return world.invariants.violations.length === 0;
}

async function run(): Promise<boolean> {
  if (scenario !== undefined) return await playScenario(scenario);
  if (sensing !== "whole" && sensing !== "quick") throw new Error("--sensing is whole or quick");
  if (rack !== undefined) {
    const { text, isClean } = await playRack({ ...dataCentre(hosts ?? 1000), sensing }, { seed, rack });
    print(text);
    return isClean;
  }
  const given = { ...(hosts !== undefined && dataCentre(hosts)), sensing } as const;
  return schedules === undefined ? await playOne(given) : await playSeeds(given, seed, schedules);
}

// Its reader is gone (`| head`).
process.stdout.on("error", () => process.exit(1));
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
