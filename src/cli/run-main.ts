import { Command } from "commander";
import { messageOf } from "../system/message-of.ts";
import { printable } from "../system/printable.ts";
import { addRunCommand } from "./run-command.ts";
import { parseCommandLine } from "./usage-error.ts";
import { packageVersion } from "./version.ts";

const program = new Command("masakari-monitors").version(packageVersion()).exitOverride();
addRunCommand(program);
void parseCommandLine(program).catch((error: unknown) => {
  process.stderr.write(`error: ${printable(messageOf(error), "\n")}\n`);
  process.exitCode ??= 1;
});
