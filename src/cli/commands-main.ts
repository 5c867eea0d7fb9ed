import { homedir } from "node:os";
import { Command } from "commander";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { Config } from "../config/sections.ts";
import { DiskHungError } from "../system/disk/calls.ts";
import { exitNow } from "../system/exit.ts";
import { messageOf } from "../system/message-of.ts";
import { printable } from "../system/printable.ts";
import { registerArmCommands } from "./arm-command.ts";
import { registerArmedCommand } from "./armed-command.ts";
import { registerCompareCommand } from "./compare-command.ts";
import { addConfigCommands } from "./config-commands.ts";
import { addConfigFileOptions, configOptions } from "./config-options.ts";
import { addControlPlaneCommand } from "./control-plane-command.ts";
import { refuseHungDisk } from "./directory-names.ts";
import { registerDoctorCommand } from "./doctor/command.ts";
import { registerForgetCommand } from "./forget-command.ts";
import { registerListCommand } from "./list-command.ts";
import { registerOutboxCommand } from "./outbox-command.ts";
import { registerPacemakerAlertCommand } from "./pacemaker-alert-command.ts";
import { registerPauseCommands } from "./pause-command.ts";
import { registerExplainCommand } from "./recording/explain-command.ts";
import { registerRecordingCommand } from "./recording/recording-command.ts";
import { registerReplayCommand } from "./recording/replay-command.ts";
import { addRunCommand } from "./run-command.ts";
import { fallbackPlaces, placeInUse, stateEnvironment } from "./state-place.ts";
import { registerStatusCommand } from "./status-command.ts";
import { usableEntries } from "./usable-entries.ts";
import { parseCommandLine } from "./usage-error.ts";
import { packageVersion } from "./version.ts";

/** All the commands of `masakari-monitors`. */
const program = new Command("masakari-monitors")
  .description("Tools for the Masakari monitors of this host.")
  .version(packageVersion())
  .exitOverride();
addConfigCommands(program);
addControlPlaneCommand(program);
addRunCommand(program);

/**
 * What is wrong in a configuration file does not matter here; `check-config` reports it. One that cannot be read does: the command would
 * be about the monitors of another state directory, and "none has run there" untrue.
 */
function configOf(parsed: Record<string, unknown>): Config {
  const { config, unread } = loaded(parsed);
  if (unread.length > 0) throw new Error(unread.join("; "));
  return config;
}
function loaded(parsed: Record<string, unknown>): Loaded {
  const files = configOptions(parsed);
  const where = { program: "masakari-processmonitor", env: process.env, homeDir: homedir() };
  return loadConfig({ ...where, ...files });
}
const statePath = (parsed: Record<string, unknown>): string => configOf(parsed).DEFAULT.state_path;
/** A probe restarts what it fails for: a file that has lost its permissions must not end a monitor that runs with what it has read. */
const statePathOfStatus = (parsed: Record<string, unknown>): string =>
  parsed.probe === undefined ? statePath(parsed) : loaded(parsed).config.DEFAULT.state_path;
const otherPlaces = (path: string) => fallbackPlaces(path, stateEnvironment());
let diskHung = false;
const warn = (line: string): void => {
  diskHung = true;
  process.stderr.write(`${printable(line)}\n`);
};
const outbox = registerOutboxCommand(program, {
  statePath: () => statePath(outbox.opts()),
  otherPlaces,
  out: process.stdout,
  warn,
  now: Date.now,
});
const status = registerStatusCommand(program, {
  statePath: () => statePathOfStatus(status.opts()),
  otherPlaces,
  out: process.stdout,
  warn,
  abandon: exitNow,
  exit: (code) => {
    process.exitCode = code;
  },
});
const pauses = registerPauseCommands(program, {
  statePath: (parsed) => placeInUse(statePath(parsed), "processmonitor"),
  entries: (parsed) => usableEntries(configOf(parsed).process.process_list_path),
  out: process.stdout,
});
const arming = registerArmCommands(program, {
  statePath: (parsed) => placeInUse(statePath(parsed), "hostmonitor"),
  out: process.stdout,
});
registerPacemakerAlertCommand(program, process.stdout);
const list = registerListCommand(program, {
  statePath: () => statePath(list.opts()),
  otherPlaces,
  out: process.stdout,
  warn,
  exit: (code) => {
    process.exitCode = code;
  },
});
const armed = registerArmedCommand(program, {
  statePath: () => statePath(armed.opts()),
  otherPlaces,
  out: process.stdout,
  warn,
  exit: (code) => {
    process.exitCode = code;
  },
});
const forget = registerForgetCommand(program, {
  statePath: () => statePath(forget.opts()),
  otherPlaces,
  out: process.stdout,
});
const doctor = registerDoctorCommand(program, {
  out: process.stdout,
  exit: (code) => {
    process.exitCode = code;
  },
  abandon: () => exitNow(Number(process.exitCode ?? 2)),
});
const compare = registerCompareCommand(program, {
  config: () => configOf(compare.opts()),
  otherPlaces,
  out: process.stdout,
  now: Date.now,
  exit: (code) => {
    process.exitCode = code;
  },
});
const explain = registerExplainCommand(program, {
  statePath: () => statePath(explain.opts()),
  otherPlaces,
  out: process.stdout,
  now: Date.now,
  exit: (code) => {
    process.exitCode = code;
  },
});
const recording = registerRecordingCommand(program, {
  statePath: () => statePath(recording.opts()),
  otherPlaces,
  out: process.stdout,
  now: Date.now,
  exit: (code) => {
    process.exitCode = code;
  },
});
registerReplayCommand(program, {
  out: process.stdout,
  exit: (code) => {
    process.exitCode = code;
  },
});
/** They read or write the state directory themselves: where its disk hangs they would wait for ever, and silently. */
for (const command of [explain, recording, ...pauses, ...arming]) {
  command.hook("preAction", async () => {
    const parsed = command.opts();
    if (parsed.from === undefined) await refuseHungDisk(statePath(parsed));
  });
}
for (const command of [doctor, status, armed, compare, explain, recording, outbox, list, forget, ...pauses, ...arming])
  addConfigFileOptions(command);

try {
  await parseCommandLine(program);
} catch (error) {
  process.stderr.write(`error: ${printable(messageOf(error), "\n")}\n`);
  process.exitCode ??= 1;
  diskHung ||= error instanceof DiskHungError;
}
// A thread that waits for the disk would keep the program from ending.
if (diskHung) exitNow(Number(process.exitCode ?? 0));
