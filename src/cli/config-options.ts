import type { Command } from "commander";
import type { LoadOptions } from "../config/load.ts";

/** Switches of oslo.log that the command line may turn on and, with `--no` before the name, off. */
const switches = ["debug", "watch-log-file", "use-syslog", "use-journal", "use-json"] as const;
const values = [
  ["log-file", "PATH"],
  ["log-dir", "DIRECTORY"],
  ["log-date-format", "FORMAT"],
  ["log-config-append", "PATH"],
  ["syslog-log-facility", "FACILITY"],
] as const;

/** oslo.log's older spellings, and what they stand for. */
const oldNames = [
  ["logfile", "log-file"],
  ["logdir", "log-dir"],
  ["log-config", "log-config-append"],
  ["log_config", "log-config-append"],
] as const;

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
const gather = (value: string, before: string[] = []): string[] => [...before, value];

/** Adds the options that choose the files that are read. */
export function addConfigFileOptions(command: Command): Command {
  return command
    .option("--config-file <PATH>", "read this file; may be repeated, later ones win", gather)
    .option("--config-dir <DIRECTORY>", "read the *.conf of this directory; may be repeated", gather);
}

/** Adds oslo.config's and oslo.log's command-line options, under their names, to a program. */
export function addConfigOptions(command: Command): Command {
  addConfigFileOptions(command);
  for (const name of switches) {
    command.option(name === "debug" ? "-d, --debug" : `--${name}`, `set [DEFAULT] ${name.replaceAll("-", "_")}`);
    command.option(`--no${name}`, `the opposite of --${name}`);
  }
  for (const [name, placeholder] of values) {
    command.option(`--${name} <${placeholder}>`, `set [DEFAULT] ${name.replaceAll("-", "_")}`);
  }
  for (const [name] of oldNames) {
    const option = command.createOption(`--${name} <PATH>`);
    command.addOption(option.hideHelp());
  }
  return command;
}

/** What was given of `addConfigOptions`, in the form that `loadConfig` takes. */
export function configOptions(
  parsed: Record<string, unknown>,
): Pick<LoadOptions, "configFiles" | "configDirs" | "overrides"> {
  const overrides: Record<string, string | boolean> = {};
  for (const name of switches) {
    if (parsed[camel(name)] === true) overrides[name] = true;
    // commander keeps `--nodebug` as an option of its own.
    if (parsed[camel(`no${name}`)] === true) overrides[name] = false;
  }
  for (const [name] of values) {
    const spellings = [name, ...oldNames.flatMap(([old, current]) => (current === name ? [old] : []))];
    const value = spellings.map((spelling) => parsed[camel(spelling)]).find((one) => one !== undefined);
    if (typeof value === "string") overrides[name] = value;
  }
  return {
    configFiles: (parsed.configFile as string[] | undefined) ?? [],
    configDirs: (parsed.configDir as string[] | undefined) ?? [],
    overrides,
  };
}
