import { homedir } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Level } from "./finding.ts";

export interface DoctorCommandParts {
  readonly out: { write(text: string): unknown };
  /** Takes the exit status. */
  readonly exit: (status: number) => void;
  /** Ends the program at once: what a check waits for may never come. */
  readonly abandon: () => void;
}

const EXIT: Readonly<Record<Level, number>> = { ok: 0, warning: 1, problem: 2 };

const HELP = `
Examines everything that a failure has to pass on its way to a recovery: configuration, login, endpoint, registration in Masakari, clock, state
directory, programs and rights, the process list, libvirt and the agents' channels, the cluster and its fencing devices. It only reads, and
the monitors need not run. Run it as the user that the monitors run as. Each finding has its reason and the command that ends it.

Without --monitor it examines for the monitors that have run here, or else for those that the configuration has sections for.

--end-to-end sends Masakari one notification about this host that masakari-engine files as ignored (the reboot of a guest that does not exist),
waits until it has, and prints how long each step took.

Exit status: 0 if all is well, 1 if there are warnings, 2 if there is a problem.`;

interface DoctorOptions {
  readonly monitor?: readonly string[];
  readonly format: "table" | "json";
  readonly json?: boolean;
  readonly endToEnd?: boolean;
  readonly wait: number;
}

const gather = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value.split(",").map((name) => name.trim().replace(/^masakari-/, "")),
];

function seconds(value: string): number {
  const parsed = Number(value);
  if (!(parsed >= 1 && parsed <= 3600)) throw new InvalidArgumentError("1 to 3600 seconds.");
  return parsed;
}

/** Adds `doctor`. @returns the command, for further options */
export function registerDoctorCommand(program: Command, parts: DoctorCommandParts): Command {
  return program
    .command("doctor")
    .description("examine whether a failure on this host would lead to a recovery, and if not, why and how to fix it")
    .option("--monitor <NAME>", "for this monitor, e.g. hostmonitor; may be repeated", gather)
    .addOption(new Option("-f, --format <FORMAT>", "table or json").choices(["table", "json"]).default("table"))
    .option("--json", "as -f json")
    .option("--end-to-end", "send one notification that leads to nothing, and wait for masakari-engine")
    .option("--wait <SECONDS>", "how long --end-to-end waits for masakari-engine", seconds, 180)
    .addHelpText("after", HELP)
    .action(async (options: DoctorOptions & Record<string, unknown>) => {
      parts.exit(2);
      const [{ loadConfig }, { configOptions }, { examineHost }] = await Promise.all([
        import("../../config/load.ts"),
        import("../config-options.ts"),
        import("./examine-host.ts"),
      ]);
      const files = configOptions(options);
      const [first = "processmonitor"] = options.monitor ?? [];
      const loaded = loadConfig({ program: `masakari-${first}`, env: process.env, homeDir: homedir(), ...files });
      const { text, level, isHung } = await examineHost(loaded, {
        monitors: options.monitor ?? [],
        asJson: options.json === true || options.format === "json",
        endToEndMs: options.endToEnd ? options.wait * 1000 : undefined,
      });
      parts.out.write(text);
      parts.exit(EXIT[level]);
      if (isHung) parts.abandon();
    });
}
