import { Command, CommanderError } from "commander";
import { messageOf } from "../../system/message-of.ts";
import { printable } from "../../system/printable.ts";
import { packageVersion } from "../version.ts";
import type { CommandContext } from "./command-context.ts";
import { runner } from "./command-run.ts";
import { addDashedVerbs } from "./dashed-verbs.ts";
import { withWholeOptions } from "./long-options.ts";
import { addLoginOptions } from "./old-syntax.ts";
import { gathered } from "./output/options.ts";
import { addSpacedVerbs } from "./spaced-verbs.ts";

/**
 * The `masakari` command.
 * @returns the exit status: 0; 1 after one line on standard error; 2 if the command line itself is wrong
 */
export async function runMasakari(args: readonly string[], around: CommandContext): Promise<number> {
  // Whatever is in a message (an API's text, a name of a file or an argument) moves no cursor.
  const context = { ...around, err: (text: string) => around.err(printable(text, "\n")) };
  try {
    const command = masakariCommand(context);
    await command.parseAsync(withWholeOptions(args, command), { from: "user" });
    return 0;
  } catch (error) {
    // Help and version arrive here too, already written and with status 0; usage errors have written their line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    context.err(`masakari: ${messageOf(error).replaceAll("\n", " ")}\n`);
    return 1;
  }
}

function masakariCommand(context: CommandContext): Command {
  const program = new Command("masakari")
    .description(
      "Looks at and sets up what Masakari knows: segments, their hosts, and the notifications of the monitors.",
    )
    .version(packageVersion())
    .option("--json", "write JSON in place of a table")
    .option("--config-file <PATH>", "log in with [api] of this file; may be repeated", gathered)
    .option("--os-cloud <NAME>", "log in with this cloud of clouds.yaml")
    .option("--os-ha-api-version <VERSION>", "version of Masakari's API; default: the highest, up to 1.3")
    .option("--debug", "show each request and response on standard error, without secrets")
    .option("--timing", "show what each request took, on standard error")
    .addHelpText(
      "after",
      `
The login comes from --config-file or --os-cloud, else from OS_CLOUD or the other OS_* variables (an openrc file), else from
this host's masakarimonitors.conf.
The old client's syntax works too: --name NAME or --id ID in place of the argument, --os-auth-url and its like.
Written with spaces (segment list, segment host list, notification list), a command takes and prints what openstackclient does.
`,
    )
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .exitOverride();
  addLoginOptions(program);
  const people = runner(program, context, "people");
  addDashedVerbs(program, people);
  addSpacedVerbs(program, runner(program, context, "openstack"), people);
  return program;
}
