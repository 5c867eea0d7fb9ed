import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { MasakariClient } from "../../openstack/masakari.ts";
import { printableJson } from "../../system/printable.ts";
import { packageVersion } from "../version.ts";
import * as commands from "./commands.ts";
import { withClient } from "./connect.ts";
import type { Surroundings } from "./surroundings.ts";

/** Longer than any command should take: each request has its own, shorter time-out. ms. */
const patience = 300_000;
const recoveryMethods = ["auto", "reserved_host", "auto_priority", "rh_priority"];

/**
 * The `masakari` command.
 * @returns the exit status: 0, or 1 after one line on standard error
 */
export async function runMasakari(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await masakariCommand(surroundings).parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    // Help and version arrive here too, already written and with status 0; usage errors have written their line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const message = error instanceof Error ? error.message : String(error);
    surroundings.err(`masakari: ${message.replaceAll("\n", " ")}\n`);
    return 1;
  }
}

type Action<Args extends unknown[]> = (
  client: MasakariClient,
  ...args: [...Args, AbortSignal]
) => Promise<commands.Result>;

function masakariCommand(surroundings: Surroundings): Command {
  const program = new Command("masakari")
    .description(
      "Looks at and sets up what Masakari knows: segments, their hosts, and the notifications of the monitors.",
    )
    .version(packageVersion())
    .option("--json", "write JSON in place of a table")
    .option("--config-file <PATH>", "log in as this file's [api] says; may be repeated", gather)
    .option("--os-cloud <NAME>", "log in as this cloud of clouds.yaml says")
    .addHelpText(
      "after",
      `\nThe login comes from --config-file or --os-cloud, else from OS_CLOUD or the other OS_* variables (an openrc file), else from
this host's masakarimonitors.conf.\n`,
    )
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
    .exitOverride();

  /** An action that gets a logged-in client first, and whose result is printed. */
  const run =
    <Args extends unknown[]>(action: Action<Args>) =>
    async (...given: unknown[]): Promise<void> => {
      const { json, configFile, osCloud } = program.opts<{ json?: boolean; configFile?: string[]; osCloud?: string }>();
      // commander adds the command itself after arguments and options.
      const args = given.slice(0, -1) as Args;
      const signal = AbortSignal.timeout(patience);
      const choice = { configFiles: configFile ?? [], cloud: osCloud };
      const result = await withClient(choice, surroundings, (client) => action(client, ...args, signal));
      surroundings.out(json === true ? `${printableJson(result.json, 2)}\n` : result.text);
    };

  program
    .command("segment-create <NAME>")
    .description("create a segment: hosts that stand in for one another")
    .addOption(new Option("--recovery-method <METHOD>").choices(recoveryMethods).default("auto"))
    .option("--service-type <TYPE>", "free text", "COMPUTE")
    .option("--description <TEXT>")
    .action(run(commands.createSegment));
  program
    .command("segment-list")
    .description("list segments")
    .action(run<[object]>((client, _options, signal) => commands.segmentList(client, signal)));
  program
    .command("host-create <NAME>")
    .description("put a host into a segment, by the name that Nova has for it")
    .option("--segment <NAME>", "name or UUID; may be left out if there is only one")
    .option("--type <TYPE>", "free text", "COMPUTE")
    .option("--control-attributes <TEXT>", "free text", "SSH")
    .option("--reserved", "keep it free for the guests of a host that fails")
    .option("--on-maintenance", "ignore notifications about it")
    .action(run(commands.createHost));
  program
    .command("host-list")
    .description("list hosts")
    .option("--segment <NAME>", "name or UUID")
    .action(run(commands.hostList));
  program
    .command("host-update <HOST>")
    .description("change a host, by name or UUID: Masakari itself never ends a host's maintenance")
    .option("--segment <NAME>", "name or UUID")
    .option("--on-maintenance <BOOLEAN>", "true or false", truth)
    .option("--reserved <BOOLEAN>", "true or false", truth)
    .action(run(commands.updateHost));
  program
    .command("notification-list")
    .description("list notifications, newest first")
    .option("--limit <NUMBER>", "at most so many", natural)
    .option("--type <TYPE>", "COMPUTE_HOST, VM or PROCESS")
    .option("--status <STATUS>", "new, running, error, failed, ignored or finished")
    .action(run(commands.notificationList));
  program
    .command("notification-show <UUID>")
    .description("show a notification")
    .option("--details", "also what the engine has done about it (asks the engine)")
    .action(run(commands.notificationShow));
  return program;
}

function gather(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function truth(value: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  if (/^(false|no|off|0)$/i.test(value)) return false;
  throw new InvalidArgumentError("true or false is expected.");
}

function natural(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new InvalidArgumentError("a whole number is expected.");
}
