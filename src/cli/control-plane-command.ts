import type { Command } from "commander";
import { printable } from "../system/printable.ts";
import { addControlPlaneOptions, type ControlPlaneArguments, databaseOf } from "./control-plane/options.ts";
import { StartError } from "./control-plane/start-error.ts";

/** Adds `control-plane`: an embedded Keystone and masakari-api until SIGINT or SIGTERM, and `control-plane backup`. */
export function addControlPlaneCommand(program: Command): void {
  const command = program
    .command("control-plane")
    .description("run a small Keystone and masakari-api on this machine, without OpenStack (no engine, no Nova)");
  addControlPlaneOptions(command).action((options: ControlPlaneArguments) =>
    run(async () => {
      const { serve } = await import("./control-plane/serve.ts");
      await serve(options);
    }),
  );
  command
    .command("backup")
    .description("copy its database to FILE, also while it runs; give --state-dir as when it was started")
    .argument("<FILE>", "the copy, readable by its owner only; an earlier one is replaced")
    .action((file: string, _options: unknown, backup: Command) =>
      run(async () => {
        const { backUp } = await import("./control-plane/backup.ts");
        await backUp(databaseOf(backup.optsWithGlobals<ControlPlaneArguments>()), file);
      }),
    );
}

async function run(work: () => Promise<void>): Promise<void> {
  const { ControlPlaneError } = await import("../control-plane/errors.ts");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ControlPlaneError || error instanceof StartError)) throw error;
    process.stderr.write(`masakari-monitors control-plane: ${printable(error.message)}\n`);
    process.exitCode = 1;
  }
}
