import { baseName } from "./command-line.ts";
import { unitInCommand } from "./unit-name.ts";

/** Of an entry of the process list, and of the effect that runs one. */
const COMMANDS: ReadonlySet<string> = new Set([
  "command",
  "start_command",
  "pre_start_command",
  "post_start_command",
  "restart_command",
  "pre_restart_command",
  "post_restart_command",
]);
/** Of a process that looks like the entry's. */
const COMMAND_LINES: ReadonlySet<string> = new Set(["shown", "replacedBy"]);
const HIDDEN = "***";

/**
 * A recording has of commands and command lines only the program, since there may be a password among their arguments. The unit that
 * a command restarts remains: decisions depend on it.
 */
export function redact(key: string, text: string): string {
  if (COMMANDS.has(key)) return withoutArguments(text, unitInCommand(text));
  return COMMAND_LINES.has(key) ? withoutArguments(text, undefined) : text;
}

function withoutArguments(text: string, unit: string | undefined): string {
  const [program = "", ...rest] = text.split(/\s+/).filter((word) => word !== "");
  if (unit !== undefined) return `systemctl restart ${unit}`;
  if (rest.length === 0) return text;
  return `${program.includes("=") ? HIDDEN : baseName(program)} ${HIDDEN}`;
}
