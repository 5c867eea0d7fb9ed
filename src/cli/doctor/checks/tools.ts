import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../../config/sections.ts";
import { systemPath } from "../../../system/command-environment.ts";
import { canUseSudo, commandWords } from "../../../system/sudo-words.ts";
import { usableEntries } from "../../usable-entries.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** So many reasons why a program is needed are given. */
const REASONS = 5;

interface Tool {
  readonly program: string;
  readonly level: "warning" | "problem";
  readonly why: string;
  /** What has it. */
  readonly from: string;
}

const pacemaker = (program: string): Tool => ({
  program,
  level: "problem",
  why: "the cluster cannot be looked at as it should be",
  from: "apt install pacemaker-cli-utils",
});
const corosync = (program: string): Tool => ({
  program,
  level: "warning",
  why: "that this host is cut off from the cluster is noticed later; a remote node has no Corosync",
  from: "apt install corosync",
});

/** Programs that the monitors start. */
export const tools: Check = {
  name: "tools",
  async run(subject) {
    const wanted = [...(await ofProcesses(subject)), ...ofHosts(subject)];
    const missing = byProgram(wanted).filter(({ program }) => !isInstalled(program));
    if (missing.length > 0) return missing.map(findingOf);
    return wanted.length === 0 ? [] : [ok(`present: ${[...new Set(wanted.map(({ program }) => program))].join(", ")}`)];
  },
};

/** Each once, with all that it is missing for: a list of fifty services has one `systemctl`. */
function byProgram(wanted: readonly Tool[]): readonly Tool[] {
  const reasons = new Map<string, Set<string>>();
  for (const { program, why } of wanted) reasons.set(program, (reasons.get(program) ?? new Set()).add(why));
  return [...reasons].flatMap(([program, all]) => {
    const why = [...all].slice(0, REASONS).join("; ");
    const tool = wanted.find((one) => one.program === program);
    return tool === undefined ? [] : { ...tool, why };
  });
}

const findingOf = ({ program, level, why, from }: Tool): Finding => ({
  level,
  what: `there is no program ${program}`,
  why,
  fix: from,
});

function ofHosts({ monitors, loaded: { config } }: Subject): readonly Tool[] {
  if (!monitors.includes("hostmonitor") || !usesPacemaker(config)) return [];
  const ipmi: Tool = {
    program: "ipmitool",
    level: "warning",
    why: "fencing devices that speak IPMI cannot be asked whether a lost host is off",
    from: "apt install ipmitool",
  };
  return [
    ...["crm_mon", "crmadmin", "cibadmin"].map(pacemaker),
    ...["corosync-quorumtool", "corosync-cfgtool", "corosync-cmapctl"].map(corosync),
    ...(config.host.disable_ipmi_check ? [] : [ipmi]),
  ];
}

const usesPacemaker = ({ host }: Config): boolean => ["default", "simple"].includes(host.monitoring_driver);

/** The first word of each command, and sudo where it comes before. */
async function ofProcesses({ monitors, loaded: { config } }: Subject): Promise<readonly Tool[]> {
  if (!monitors.includes("processmonitor")) return [];
  const isRoot = process.getuid?.() === 0;
  // A list that cannot be used is a finding of its own.
  const entries = await usableEntries(config.process.process_list_path).catch(() => []);
  return entries.flatMap((entry) => {
    const commands = [
      ...[entry.pre_start_command, entry.start_command, entry.post_start_command],
      ...[entry.pre_restart_command, entry.restart_command, entry.post_restart_command],
    ];
    return commands.flatMap((command) => {
      const words = command.split(/\s+/).filter((word) => word !== "");
      const used = isRoot ? words : commandWords(words, entry.run_as_root, canUseSudo);
      const [program] = used;
      const behindSudo = used.length > words.length ? words[0] : undefined;
      return [program, behindSudo].flatMap((name) =>
        name === undefined ? [] : [commandTool(name, entry.process_name)],
      );
    });
  });
}

const commandTool = (program: string, name: string): Tool => ({
  program,
  level: "problem",
  why: `a command of ${name} in the process list cannot be run when it is needed`,
  from: "install it, or correct the command in the process list",
});

function isInstalled(program: string): boolean {
  const paths = program.includes("/")
    ? [program]
    : systemPath(process.env)
        .split(":")
        .map((directory) => join(directory, program));
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
