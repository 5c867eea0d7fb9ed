import type { ProcessEntry } from "../config/process-entry.ts";
import { baseName } from "./command-line.ts";

/** systemctl's verbs that act on the units named after them (systemctl(1)). */
const VERBS = new Set(["start", "restart", "try-restart", "reload-or-restart", "try-reload-or-restart", "reload"]);
const UNIT_SUFFIX = /\.(service|socket|target|scope|slice|mount|timer|path|swap|automount|device)$/;
/** What a unit name may consist of (systemd.unit(5)); anything else in a command is not one. */
const UNIT_NAME = /^[\w:.\\@-]+$/;

/**
 * The systemd unit of an entry: the one that the list gives, else the one that its process was seen to belong to, else the one
 * that its commands restart. Undefined where nothing names one.
 */
export function unitOf(entry: ProcessEntry, found: string | undefined): string | undefined {
  return entry.systemd_unit ?? found ?? unitInCommands(entry);
}

function unitInCommands({ restart_command, start_command }: ProcessEntry): string | undefined {
  return unitInCommand(restart_command) ?? unitInCommand(start_command);
}

/** The unit in `systemctl restart nova-compute`, `sudo service nova-compute restart` and the like. */
export function unitInCommand(command: string): string | undefined {
  const words = command.split(/\s+/).filter((word) => word !== "");
  const at = words.findIndex((word) => ["systemctl", "service"].includes(baseName(word)));
  const rest = words.slice(at + 1).filter((word) => !word.startsWith("-"));
  if (at < 0 || rest.length < 2) return undefined;
  const [verb = "", unit = ""] = baseName(words[at] ?? "") === "systemctl" ? rest : [rest[1], rest[0]];
  if (!VERBS.has(verb) || !UNIT_NAME.test(unit)) return undefined;
  return UNIT_SUFFIX.test(unit) ? unit : `${unit}.service`;
}
