import { sudoFindings } from "../../sudo-findings.ts";
import type { Check } from "../check.ts";
import { ok } from "../finding.ts";
import { runningMonitor } from "../running-monitor.ts";

/** Whether this user may run the commands of the process list, by sudo or, where the monitor's unit keeps sudo from working, without. */
export const sudoRules: Check = {
  name: "sudo rules",
  monitors: ["processmonitor"],
  limitMs: () => 65_000,
  async run({ loaded }) {
    if (process.getuid?.() === 0) return [ok("root needs none")];
    const withoutSudo = (await runningMonitor(loaded, "processmonitor"))?.noNewPrivileges === true;
    const found = await sudoFindings(loaded, "processmonitor", withoutSudo ? () => false : undefined);
    if (found.length === 0) return [ok(withoutSudo ? POLKIT : "all commands of the process list are permitted")];
    return found.map(({ message }) => ({
      level: "problem",
      what: message,
      why: "the process is not restarted when it fails, and the host is reported to Masakari instead",
      fix:
        "add the command with NOPASSWD to a file in /etc/sudoers.d (visudo -f), for this user. If the monitor will run in the packaged unit, " +
        "`systemctl` needs polkit's rule and no sudo: setpriv --no-new-privs masakari-monitors doctor checks it so",
    }));
  },
};

const POLKIT = "none is needed: the monitor's unit has NoNewPrivileges, and systemctl asks polkit (packaging/polkit-1)";
