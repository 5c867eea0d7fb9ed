import type { Command } from "commander";
import type { ProcessEntry } from "../config/process-entry.ts";
import { messageOf } from "../system/message-of.ts";
import { parseDuration } from "./duration.ts";
import { operator } from "./operator.ts";
import { whyNoStateDirectory } from "./state-directory.ts";

type ParsedOptions = Readonly<Record<string, unknown>>;

/** What the commands need of the program they are part of. */
export interface PauseCommandParts {
  /** `[DEFAULT] state_path`, from the configuration files that a command line names. */
  readonly statePath: (parsed: ParsedOptions) => string;
  /** The entries of the process list, likewise. Rejects if it cannot be used. */
  readonly entries: (parsed: ParsedOptions) => Promise<readonly ProcessEntry[]>;
  readonly out: { write(text: string): unknown };
}

/** The command cannot do what was asked; the message is for the operator. */
export class PauseCommandError extends Error {
  readonly code = "PAUSE_COMMAND";
  override readonly name = "PauseCommandError";
}

const PAUSE_HELP = `
While a process is paused the process monitor neither starts nor restarts it, and does not notify Masakari of it, whether it runs
or not. The pause ends by itself, or by \`masakari-monitors resume\`; it survives a restart of the monitor and a reboot of the host.
\`masakari-monitors status\` shows it. A process that is down when the pause ends has its time to settle, and is then restarted.

  masakari-monitors pause nova-compute --for 1h --reason "upgrade to 2026.2"
  masakari-monitors pause --all --for 90m --reason "kernel update"`;

/**
 * Adds `pause` and `resume` to a program. The actions reject with PauseCommandError.
 * @returns both, for further options
 */
export function registerPauseCommands(program: Command, parts: PauseCommandParts): readonly Command[] {
  const pause = program
    .command("pause")
    .description("planned work: neither restart processes nor notify Masakari of them for a while")
    .argument("[PROCESS...]", "process_name of the process list, or the part after its last /")
    .option("--all", "all processes of the list")
    .requiredOption("--for <DURATION>", "how long: 90s, 30m, 1h30m, 2d; at most 30d; required")
    .requiredOption("--reason <TEXT>", "why; it is logged and shown; required")
    .addHelpText("after", PAUSE_HELP)
    .action(async (names: string[], options: PauseOptions) => {
      await pauseEntries(parts, names, options);
    });
  const resume = program
    .command("resume")
    .description("end pauses early")
    .argument("[PROCESS...]", "as for pause")
    .option("--all", "all pauses")
    .action(async (names: string[], options: ResumeOptions) => {
      await endPauses(parts, names, options);
    });
  return [pause, resume];
}

interface ResumeOptions extends ParsedOptions {
  readonly all?: boolean;
}

interface PauseOptions extends ResumeOptions {
  readonly for: string;
  readonly reason: string;
}

async function pauseEntries(parts: PauseCommandParts, names: readonly string[], options: PauseOptions): Promise<void> {
  const { LONGEST_PAUSE_S, writePause } = await import("../process/pauses.ts");
  const { all = false, reason } = options;
  if (all === names.length > 0) throw new PauseCommandError("name the processes to pause, or give --all; not both");
  if (reason.trim() === "") throw new PauseCommandError("--reason is empty: give the reason for your colleagues");
  const seconds = parseDuration(options.for);
  if (seconds === undefined)
    throw new PauseCommandError(`--for ${options.for} is not a duration; write 30m, 1h30m or 2d`);
  if (seconds > LONGEST_PAUSE_S) {
    throw new PauseCommandError(
      "a pause lasts 30 days at most; take what is not to be watched out of the process list",
    );
  }
  const keys = keysOf(await parts.entries(options), names, await import("../process/keyed.ts"));
  const where = await pauseContext(parts.statePath(options));
  for (const key of keys) {
    try {
      writePause(where, { key, seconds, reason: reason.trim(), by: operator() });
    } catch (error) {
      const why = messageOf(error);
      throw new PauseCommandError(`${key} is not paused: ${why}; run this as root or as the monitor's user`);
    }
    const until = new Date(where.now.wall + seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
    parts.out.write(`${key} is paused until ${until}: it is neither restarted nor reported\n`);
  }
  const { orderTaken } = await import("./order-taken.ts");
  // It reads its pauses with its next look, and shows the first few: that one runs which reads them can be known.
  const outcome = await orderTaken({ statePath: where.statePath, program: "processmonitor" }, () => true);
  if (outcome.kind === "not taken") throw new PauseCommandError(outcome.problem);
  if (outcome.kind === "unknown") parts.out.write(`${outcome.note}\n`);
}

async function endPauses(parts: PauseCommandParts, names: readonly string[], options: ResumeOptions): Promise<void> {
  const { all = false } = options;
  if (all === names.length > 0) throw new PauseCommandError("name the processes to resume, or give --all; not both");
  const processes = await import("../process/pauses.ts");
  const found = new Set<string>();
  const wanted = (key: string): boolean => {
    const matching = names.filter((name) => isNamed(key, name));
    for (const name of matching) found.add(name);
    return all || matching.length > 0;
  };
  const ended = processes.endPauses(await pauseContext(parts.statePath(options)), wanted);
  for (const key of ended) parts.out.write(`${key} is no longer paused\n`);
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) throw new PauseCommandError(`not paused: ${missing.join(", ")}`);
  if (ended.length === 0) parts.out.write("nothing is paused\n");
}

/** The keys of the entries that the names mean; of all for no name. */
function keysOf(
  entries: readonly ProcessEntry[],
  names: readonly string[],
  { keyed }: Pick<typeof import("../process/keyed.ts"), "keyed">,
): readonly string[] {
  const keys = keyed(entries).map(({ key }) => key);
  if (names.length === 0 && keys.length === 0) throw new PauseCommandError("the process list has no entries");
  const unknown = names.filter((name) => !keys.some((key) => isNamed(key, name)));
  if (unknown.length > 0) {
    throw new PauseCommandError(`not in the process list: ${unknown.join(", ")}; it has ${keys.join(", ") || "none"}`);
  }
  return names.length === 0 ? keys : keys.filter((key) => names.some((name) => isNamed(key, name)));
}

/** By its key, its process_name, or the part after the last slash, which is what Masakari is notified of. */
function isNamed(key: string, name: string): boolean {
  const processName = key.replace(/#\d+$/, "");
  return [key, processName, processName.slice(processName.lastIndexOf("/") + 1)].includes(name);
}

async function pauseContext(statePath: string) {
  const problem = whyNoStateDirectory(statePath);
  if (problem !== undefined) throw new PauseCommandError(problem);
  const { readBootId } = await import("../system/boot-id.ts");
  const { systemClock } = await import("../system/system-clock.ts");
  return { statePath, now: systemClock.now(), bootId: readBootId() };
}
