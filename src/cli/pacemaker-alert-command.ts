import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { messageOf } from "../system/message-of.ts";

const HELP = `
Pacemaker runs an alert agent whenever a node joins or leaves, and after each fencing. Registered once per cluster, this one makes the
host monitors look at once, instead of at the next monitoring_interval. The program must be at the same path on all hosts of the
cluster, and the user hacluster must be able to run it.

  masakari-monitors pacemaker-alert --register          once, on any host of the cluster, as root
  masakari-monitors pacemaker-alert --print-register    the command that this runs`;

/** Characters. */
const LONGEST_REASON = 500;

interface AlertOptions {
  readonly register?: boolean;
  readonly printRegister?: boolean;
}

/** Adds `pacemaker-alert` to a program. The action rejects if the alert cannot be delivered, or not be registered. */
export function registerPacemakerAlertCommand(program: Command, out: { write(text: string): unknown }): Command {
  return program
    .command("pacemaker-alert")
    .description("the alert agent that Pacemaker runs, and its registration")
    .option("--register", "make Pacemaker run it on all hosts of this cluster")
    .option("--print-register", "print the command that registers it")
    .addHelpText("after", HELP)
    .action(async ({ register, printRegister }: AlertOptions) => {
      const { forwardAlert, registrationCommand } = await import("../host/pacemaker/alert.ts");
      if (!register && !printRegister) {
        out.write(`${await forwardAlert(process.env)}\n`);
        return;
      }
      const [command = "", ...words] = registrationCommand(agentPath());
      if (printRegister) out.write(`${[command, ...words].map(quoted).join(" ")}\n`);
      if (!register) return;
      runRegistration(command, words);
      out.write(`Registered ${agentPath()}: on all hosts of the cluster, Pacemaker runs it from now on\n`);
    });
}

/** @throws Error with Pacemaker's reason, and what to do */
function runRegistration(command: string, words: readonly string[]): void {
  try {
    execFileSync(command, words, { stdio: ["ignore", "inherit", "pipe"], timeout: 30_000 });
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { readonly stderr?: Buffer };
    const reason = stderr?.toString().trim().replaceAll("\n", "; ").slice(0, LONGEST_REASON) || messageOf(cause);
    const why = code === "ENOENT" ? `there is no ${command} here` : reason;
    throw new Error(
      `not registered: ${why}. Run this as root on a host where the Pacemaker cluster runs (crm_mon -1)`,
      {
        cause,
      },
    );
  }
}

/** Pacemaker gives its agents no arguments, so the agent is a script of its own beside the commands. */
function agentPath(): string {
  const main = dirname(process.argv[1] ?? "");
  // Of the bundle in dist/, and of the source in src/cli/.
  const places = ["..", "../.."].map((up) => resolve(main, up, "bin/masakari-pacemaker-alert"));
  return places.find((path) => existsSync(path)) ?? (places[0] as string);
}

const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
