import type { Command } from "commander";
import { gathered, whole } from "./output/options.ts";

/** openstackclient's options of what a list holds. */
export function addListOptions(command: Command): Command {
  return command
    .option("--limit <NUMBER>", "at most this many", whole)
    .option("--marker <ID>", "only what comes after this one, by id, name or UUID")
    .option("--sort <KEY[:DIRECTION]>", "keys that the API sorts by, e.g. name:asc,created_at")
    .option("--filters <KEY=VALUE>", "only these; may be repeated, or several separated by semicolons", gathered);
}
