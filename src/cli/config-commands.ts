import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import { type Diagnostic, diagnostic, hasError, nowhere } from "../config/diagnostic.ts";
import { renderEffective } from "../config/effective.ts";
import { loadConfig } from "../config/load.ts";
import { migrateConfig } from "../config/migrate.ts";
import { programNames } from "../config/readers.ts";
import { samples } from "../config/samples.ts";
import { countOf } from "../system/plural.ts";
import { printable } from "../system/printable.ts";
import { makeDirectory } from "../system/private-file.ts";
import { checkPrograms } from "./check-programs.ts";
import { addConfigOptions, configOptions } from "./config-options.ts";
import { printDiagnostics } from "./print-diagnostics.ts";
import { sudoFindings } from "./sudo-findings.ts";

function report(diagnostics: readonly Diagnostic[]): void {
  printDiagnostics(diagnostics);
  if (hasError(diagnostics)) process.exitCode = 1;
}

function addGenconfig(program: Command): void {
  program
    .command("genconfig")
    .description("write the commented sample of a file of /etc/masakarimonitors to standard output")
    .addArgument(new Argument("[FILE]", "which file").choices(Object.keys(samples)).default("masakarimonitors.conf"))
    .action((name: string) => {
      process.stdout.write(samples[name]?.() ?? "");
    });
}

/** A line that is still in sight when the values have scrolled by; undefined if nothing is wrong. */
function summary(found: readonly Diagnostic[]): string | undefined {
  const count = (severity: Diagnostic["severity"]): number => found.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  if (errors + warnings === 0) return undefined;
  return `${countOf(errors, "error")}, ${countOf(warnings, "warning")}: listed above the values, and alone with --quiet`;
}

function addCheckConfig(program: Command): void {
  addConfigOptions(program.command("check-config"))
    .description(
      "show what is wrong with the configuration, then every effective value and where it comes from (secrets masked); exit 1 on an error",
    )
    .option("--program <NAME>", `whose configuration: ${programNames.join(", ")}`, "processmonitor")
    .option("-q, --quiet", "only what is wrong, without the values")
    .action(async (options: Record<string, unknown>) => {
      const name = String(options.program).replace(/^masakari-/, "");
      if (!programNames.includes(name)) {
        report([diagnostic("error", nowhere, `no program ${name}; one of ${programNames.join(", ")}`)]);
        return;
      }
      const loaded = loadConfig({
        program: `masakari-${name}`,
        env: process.env,
        homeDir: homedir(),
        ...configOptions(options),
      });
      const found = [...(await checkPrograms(loaded, [name])), ...(await sudoFindings(loaded, name))];
      report(found);
      if (options.quiet === true) return;
      process.stdout.write(printable(renderEffective(loaded), "\n"));
      const line = summary(found);
      if (line !== undefined) process.stderr.write(`${line}\n`);
    });
}

/** Writes a converted file where none is; nothing that exists is overwritten. */
function writeNew(path: string, text: string): Diagnostic {
  if (existsSync(path))
    return diagnostic("error", { file: path, line: undefined }, "exists already and is left as it is");
  writeFileSync(path, text, { mode: 0o640, flag: "wx" });
  return diagnostic("info", { file: path, line: undefined }, "written");
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
        report(diagnostics);
        const results = [
          ["masakarimonitors.conf", config],
          ["process_list.yaml", processList],
        ] as const;
        if (outputDir !== undefined) makeDirectory(outputDir);
        for (const [name, text] of results) {
          if (text === undefined) continue;
          if (outputDir === undefined) process.stdout.write(`# ---- ${name}\n${text}`);
          else report([writeNew(join(outputDir, name), text)]);
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
