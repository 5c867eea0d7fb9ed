import type { Command } from "commander";
import { messageOf } from "../system/message-of.ts";
import { parseDuration } from "./duration.ts";
import { operator } from "./operator.ts";
import { whyNoStateDirectory } from "./state-directory.ts";

type ParsedOptions = Readonly<Record<string, unknown>>;

export interface ArmCommandParts {
  /** The state directory in use by the host monitor of this host. */
  readonly statePath: (parsed: ParsedOptions) => string;
  readonly out: { write(text: string): unknown };
}

/** The command cannot be carried out; the message is for the operator. */
export class ArmCommandError extends Error {
  readonly code = "ARM_COMMAND";
  override readonly name = "ArmCommandError";
}

const DEFAULT_DISARM = "2h";
/** The monitor reckons the end from the time that is left. */
const SAME_END_MS = 5000;

const DISARM_HELP = `
While this host's host monitor is disarmed it watches the cluster but reports no lost host to Masakari. Hosts that are still lost
when that ends are reported then. It ends by itself, or by \`masakari-monitors arm\`; it survives restarts of the monitor and of the host, and
\`masakari-monitors status\` shows it. Each host monitor is disarmed separately: run the command on all hosts of the cluster.

  masakari-monitors disarm --reason "firmware upgrade of rack B" --for 4h`;

const RELEASE_HELP = `
The storm guard holds all losses while more than [host] storm_ratio of the hosts are lost, and losses_per_hour holds a host that is
lost again and again. If they are really down, release reports what is held at this moment; later losses are held as before. Run it on
the host whose monitor reports first (\`masakari-monitors list\` shows what each one holds), or on all.

  masakari-monitors release --reason "fire in rack B, all four hosts are down"`;

/**
 * Adds `disarm`, `arm` and `release` to a program. The actions reject with ArmCommandError.
 * @returns all three, for further options
 */
export function registerArmCommands(program: Command, parts: ArmCommandParts): readonly Command[] {
  const disarm = program
    .command("disarm")
    .description("planned work: the host monitor of this host reports no lost hosts for a while")
    .option("--for <DURATION>", "how long: 90s, 30m, 1h30m, 2d; at most 30d", DEFAULT_DISARM)
    .requiredOption("--reason <TEXT>", "why; it is logged and shown; required")
    .addHelpText("after", DISARM_HELP)
    .action(async (options: ParsedOptions & { readonly for: string; readonly reason: string }) => {
      await disarmMonitor(parts, options);
    });
  const arm = program
    .command("arm")
    .description("end a disarm early")
    .action(async (options: ParsedOptions) => {
      const orders = await import("../host/orders.ts");
      const { statePath } = await moment(parts, options);
      attempt(() => orders.arm(statePath));
      await confirm(parts, statePath, (problem) => problem === undefined);
      parts.out.write("The host monitor of this host is armed\n");
    });
  const release = program
    .command("release")
    .description("report the lost hosts that the storm guard or losses_per_hour holds")
    .requiredOption("--reason <TEXT>", "why; it is logged and shown; required")
    .addHelpText("after", RELEASE_HELP)
    .action(async (options: ParsedOptions & { readonly reason: string }) => {
      const orders = await import("../host/orders.ts");
      const { statePath, ...at } = await moment(parts, options);
      attempt(() => orders.release(statePath, { reason: reasonIn(options), by: operator() }, at));
      // No condition shows a release; that a monitor runs which reads it can be known.
      await confirm(parts, statePath, () => true);
      parts.out.write("Released: the host monitor of this host may report the losses that it holds now\n");
    });
  return [disarm, arm, release];
}

async function disarmMonitor(
  parts: ArmCommandParts,
  options: ParsedOptions & { readonly for: string; readonly reason: string },
): Promise<void> {
  const { LONGEST_DISARM_S, disarm } = await import("../host/orders.ts");
  const seconds = parseDuration(options.for);
  if (seconds === undefined)
    throw new ArmCommandError(`--for ${options.for} is not a duration; write 30m, 1h30m or 2d`);
  if (seconds > LONGEST_DISARM_S) {
    throw new ArmCommandError("30 days is the longest; to do without a host monitor for longer, stop its service");
  }
  const { statePath, ...at } = await moment(parts, options);
  const reason = reasonIn(options);
  attempt(() => disarm(statePath, { seconds, reason, by: operator() }, at));
  const end = at.now.wall + seconds * 1000;
  await confirm(parts, statePath, (problem) => Math.abs(endOf(problem) - end) < SAME_END_MS);
  const until = new Date(end).toISOString().replace(/\.\d+Z$/, "Z");
  parts.out.write(`The host monitor of this host is disarmed until ${until}: it reports no lost host\n`);
}

/** @throws ArmCommandError if a host monitor runs that does not show the condition as it should be */
async function confirm(
  { out }: ArmCommandParts,
  statePath: string,
  isAsOrdered: (problem: string | undefined) => boolean,
): Promise<void> {
  const { conditionIn, orderTaken } = await import("./order-taken.ts");
  const monitor = { statePath, program: "hostmonitor" };
  const outcome = await orderTaken(monitor, (report) => isAsOrdered(conditionIn(report, "disarmed")));
  if (outcome.kind === "not taken") throw new ArmCommandError(outcome.problem);
  if (outcome.kind === "unknown") out.write(`${outcome.note}\n`);
}

/** Of `disarmed until TIME: …`, ms since the Unix epoch; NaN of anything else. */
const endOf = (problem = ""): number => Date.parse(/^disarmed until (\S+): /.exec(problem)?.[1] ?? "");

function reasonIn({ reason }: { readonly reason: string }): string {
  if (reason.trim() === "")
    throw new ArmCommandError("--reason must not be empty: it is what your colleagues will read");
  return reason.trim();
}

function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    const why = messageOf(error);
    throw new ArmCommandError(`${why}; run this as root or as the monitor's user`);
  }
}

async function moment(parts: ArmCommandParts, options: ParsedOptions) {
  const statePath = parts.statePath(options);
  const problem = whyNoStateDirectory(statePath);
  if (problem !== undefined) throw new ArmCommandError(problem);
  const { readBootId } = await import("../system/boot-id.ts");
  const { systemClock } = await import("../system/system-clock.ts");
  return { statePath, now: systemClock.now(), bootId: readBootId() };
}
