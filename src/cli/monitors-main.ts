import { Command } from "commander";
import { addConfigCommands } from "./config-commands.ts";
import { addControlPlaneCommand } from "./control-plane-command.ts";
import { packageVersion } from "./version.ts";

const program = new Command("masakari-monitors")
  .description("Tools for the Masakari monitors of this host.")
  .version(packageVersion());
addConfigCommands(program);
addControlPlaneCommand(program);
await program.parseAsync();
