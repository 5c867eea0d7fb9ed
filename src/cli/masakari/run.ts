import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { MasakariClient } from "../../openstack/masakari.ts";
import { messageOf } from "../../system/message-of.ts";
import { printableJson } from "../../system/printable.ts";
import { packageVersion } from "../version.ts";
import type { CommandContext } from "./command-context.ts";
import { withClient } from "./connect.ts";
import * as hosts from "./hosts.ts";
import * as notifications from "./notifications.ts";
import { addLoginOptions, normalizedArguments, withLoginOptions } from "./old-syntax.ts";
import type { Result } from "./result.ts";
import * as segments from "./segments.ts";

/** Longer than any command should take: each request has its own, shorter time-out. ms. */
const patience = 300_000;
const statuses = ["new", "running", "error", "failed", "ignored", "finished"];
const recoveryMethods = ["auto", "reserved_host", "auto_priority", "rh_priority"];

/**
 * The `masakari` command.
 * @returns the exit status: 0, or 1 after one line on standard error
 */
export async function runMasakari(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    await masakariCommand(context).parseAsync(normalizedArguments(args), { from: "user" });
    return 0;
  } catch (error) {
    // Help and version arrive here too, already written and with status 0; usage errors have written their line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const message = messageOf(error);
    context.err(`masakari: ${message.replaceAll("\n", " ")}\n`);
    return 1;
  }
}

interface GlobalOptions {
  readonly json?: boolean;
  readonly configFile?: string[];
  readonly osCloud?: string;
  readonly osPassword?: string;
  readonly osToken?: string;
}

/** An action that gets a logged-in client first, and whose result is printed. */
type Run = <Options extends object>(
  action: (client: MasakariClient, options: Options, signal: AbortSignal) => Promise<Result>,
) => (...given: unknown[]) => Promise<void>;

function masakariCommand(context: CommandContext): Command {
  const program = new Command("masakari")
    .description(
      "Looks at and sets up what Masakari knows: segments, their hosts, and the notifications of the monitors.",
    )
    .version(packageVersion())
    .option("--json", "write JSON in place of a table")
    .option("--config-file <PATH>", "log in with [api] of this file; may be repeated", gather)
    .option("--os-cloud <NAME>", "log in with this cloud of clouds.yaml")
    .addHelpText(
      "after",
      `
The login comes from --config-file or --os-cloud, else from OS_CLOUD or the other OS_* variables (an openrc file), else from
this host's masakarimonitors.conf.
The old client's syntax works too: --name NAME or --id ID in place of the argument, --os-auth-url and its like.
`,
    )
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .exitOverride();
  addLoginOptions(program);

  const run: Run =
    (action) =>
    async (...given) => {
      const all = program.opts<GlobalOptions>();
      const signal = AbortSignal.timeout(patience);
      // commander gives the arguments, the options and the command itself.
      const [argument] = given.length > 2 ? given : [];
      const options = { argument, ...(given.at(-2) as object) } as Parameters<typeof action>[1];
      if (all.osPassword !== undefined || all.osToken !== undefined) {
        context.err(
          "Every user of this machine can see a secret on a command line; OS_PASSWORD and OS_TOKEN are not visible\n",
        );
      }
      const around = { ...context, env: withLoginOptions(context.env, all) };
      const choice = { configFiles: all.configFile ?? [], cloud: all.osCloud };
      const result = await withClient(choice, around, (client) => action(client, options, signal));
      context.out(all.json === true ? `${printableJson(result.json, 2)}\n` : result.text);
    };

  addSegmentCommands(program, run);
  addHostCommands(program, run);
  addNotificationCommands(program, run);
  return program;
}

function addSegmentCommands(program: Command, run: Run): void {
  const recovery = () => new Option("--recovery-method <METHOD>").choices(recoveryMethods);
  program
    .command("segment-create [NAME]")
    .description("create a segment: hosts that stand in for one another")
    .option("--name <NAME>", "in place of the argument")
    .addOption(recovery().default("auto"))
    .option("--service-type <TYPE>", "free text", "COMPUTE")
    .option("--description <TEXT>")
    .action(run(segments.createSegment));
  program.command("segment-list").description("list segments").action(run(segments.listSegments));
  program
    .command("segment-show [SEGMENT]")
    .description("show a segment, by name or UUID")
    .option("--id <SEGMENT>", "in place of the argument")
    .action(run(segments.showSegment));
  program
    .command("segment-update [SEGMENT]")
    .description("change a segment, by name or UUID")
    .option("--id <SEGMENT>", "in place of the argument")
    .option("--name <NAME>", "a new name")
    .addOption(recovery())
    .option("--service-type <TYPE>", "free text")
    .option("--description <TEXT>")
    .action(run(segments.updateSegment));
  program
    .command("segment-delete [SEGMENT]")
    .description("delete a segment and its hosts, by name or UUID")
    .option("--id <SEGMENT>", "in place of the argument")
    .action(run(segments.deleteSegment));
}

function addHostCommands(program: Command, run: Run): void {
  const hostCommand = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option("--segment <SEGMENT>", "name or UUID; may be left out if there is only one, or for a host that exists")
      .addOption(new Option("--segment-id <SEGMENT>").hideHelp());
  hostCommand("host-create [NAME]", "put a host into a segment, by the name that Nova has for it")
    .option("--name <NAME>", "in place of the argument")
    .option("--type <TYPE>", "free text", "COMPUTE")
    .option("--control-attributes <TEXT>", "free text", "SSH")
    .option("--reserved [BOOLEAN]", "keep it free for the guests of a host that fails", truth)
    .option("--on-maintenance [BOOLEAN]", "ignore notifications about it", truth)
    .action(run(hosts.createHost));
  hostCommand("host-list", "list hosts").action(run(hosts.listHosts));
  hostCommand("host-show [HOST]", "show a host, by name or UUID")
    .option("--id <HOST>", "in place of the argument")
    .action(run(hosts.showHost));
  hostCommand("host-update [HOST]", "change a host, by name or UUID: Masakari itself never ends a host's maintenance")
    .option("--id <HOST>", "in place of the argument")
    .option("--name <NAME>", "a new name")
    .option("--type <TYPE>", "free text")
    .option("--control-attributes <TEXT>", "free text")
    .option("--on-maintenance <BOOLEAN>", "true or false", truth)
    .option("--reserved <BOOLEAN>", "true or false", truth)
    .action(run(hosts.updateHost));
  hostCommand("host-delete [HOST]", "take a host out of its segment, by name or UUID")
    .option("--id <HOST>", "in place of the argument")
    .action(run(hosts.deleteHost));
}

function addNotificationCommands(program: Command, run: Run): void {
  program
    .command("notification-list")
    .description("list notifications, newest first")
    .option("--limit <NUMBER>", "at most this many", natural)
    .addOption(new Option("--type <TYPE>", "only of this type").choices(["COMPUTE_HOST", "VM", "PROCESS"]))
    .addOption(new Option("--status <STATUS>", "only in this state").choices(statuses))
    .option("--host <HOST>", "only from this host, by name or UUID")
    .option("--since <TIME>", "only what was generated since, e.g. 2026-11-28T06:00:00 (UTC)")
    .action(run(notifications.listNotifications));
  program
    .command("notification-show [UUID]")
    .description("show a notification")
    .option("--id <UUID>", "in place of the argument")
    .option("--details", "also what the engine has done about it (queries the engine)")
    .action(run(notifications.showNotification));
}

function gather(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Without a value, an option of this kind is true. */
function truth(value: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  if (/^(false|no|off|0)$/i.test(value)) return false;
  throw new InvalidArgumentError("true or false is expected.");
}

function natural(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new InvalidArgumentError("a whole number is expected.");
}
