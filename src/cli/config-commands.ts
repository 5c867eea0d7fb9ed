import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { checkConfig } from "../config/check-config.ts";
import { type Diagnostic, describeDiagnostic, hasError } from "../config/diagnostic.ts";
import { renderEffective } from "../config/effective.ts";
import { loadConfig } from "../config/load.ts";
import { migrateConfig } from "../config/migrate.ts";
import { programNames } from "../config/readers.ts";
import { renderSample } from "../config/sample.ts";
import { addConfigOptions, configOptions } from "./config-options.ts";

function tell(diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics) process.stderr.write(`${describeDiagnostic(one)}\n`);
  if (hasError(diagnostics)) process.exitCode = 1;
}

function addGenconfig(program: Command): void {
  program
    .command("genconfig")
    .description("write the commented sample of masakarimonitors.conf to standard output")
    .action(() => {
      process.stdout.write(renderSample());
    });
}

function addCheckConfig(program: Command): void {
  addConfigOptions(program.command("check-config"))
    .description("show every effective value and where it comes from (secrets masked); exit 1 on an error")
    .option("--program <NAME>", `whose configuration: ${programNames.join(", ")}`, "processmonitor")
    .action(async (options: Record<string, unknown>) => {
      const name = String(options.program).replace(/^masakari-/, "");
      if (!programNames.includes(name)) {
        tell([
          {
            severity: "error",
            file: undefined,
            line: undefined,
            message: `no program ${name}; one of ${programNames.join(", ")}`,
          },
        ]);
        return;
      }
      const loaded = loadConfig({
        program: `masakari-${name}`,
        env: process.env,
        homeDir: homedir(),
        ...configOptions(options),
      });
      process.stdout.write(renderEffective(loaded));
      tell(await checkConfig(loaded, `masakari-${name}`));
    });
}

/** Writes a converted file where none is; nothing that exists is overwritten. */
function writeNew(path: string, text: string): Diagnostic {
  if (existsSync(path))
    return { severity: "error", file: path, line: undefined, message: "exists already and is left as it is" };
  writeFileSync(path, text, { mode: 0o640, flag: "wx" });
  return { severity: "info", file: path, line: undefined, message: "written" };
}

function addMigrateConfig(program: Command): void {
  program
    .command("migrate-config")
    .description("convert hostmonitor.conf, processmonitor.conf and proc.list of the shell generation")
    .option("--hostmonitor-conf <PATH>", "instead of the one in /etc/masakarimonitors or /etc/masakari")
    .option("--processmonitor-conf <PATH>", "likewise")
    .option("--proc-list <PATH>", "likewise")
    .option(
      "--output-dir <DIRECTORY>",
      "write masakarimonitors.conf and process_list.yaml there, instead of to standard output",
    )
    .action(
      (options: { hostmonitorConf?: string; processmonitorConf?: string; procList?: string; outputDir?: string }) => {
        const { outputDir, ...given } = options;
        const { config, processList, diagnostics } = migrateConfig(given);
        tell(diagnostics);
        const results = [
          ["masakarimonitors.conf", config],
          ["process_list.yaml", processList],
        ] as const;
        if (outputDir !== undefined) mkdirSync(outputDir, { recursive: true });
        for (const [name, text] of results) {
          if (text === undefined) continue;
          if (outputDir === undefined) process.stdout.write(`# ---- ${name}\n${text}`);
          else tell([writeNew(join(outputDir, name), text)]);
        }
      },
    );
}

/** Registers genconfig, check-config and migrate-config. */
export function addConfigCommands(program: Command): void {
  addGenconfig(program);
  addCheckConfig(program);
  addMigrateConfig(program);
}
