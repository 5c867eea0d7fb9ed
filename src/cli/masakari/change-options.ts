import type { Command } from "commander";
import { recoveryMethodOption, truth } from "./values.ts";

/** What of a segment a command may change. */
export function addSegmentChanges(command: Command): Command {
  return command
    .option("--name <NAME>", "a new name")
    .addOption(recoveryMethodOption())
    .option("--service-type <TYPE>", "free text")
    .option("--description <TEXT>")
    .option("--is-enabled <BOOLEAN>", "false: notifications about its hosts are ignored", truth);
}

/** What of a host a command may change. */
export function addHostChanges(command: Command): Command {
  return command
    .option("--name <NAME>", "a new name")
    .option("--type <TYPE>", "free text")
    .option("--control-attributes <TEXT>", "free text")
    .option("--on-maintenance <BOOLEAN>", "true or false", truth)
    .option("--reserved <BOOLEAN>", "true or false", truth);
}
