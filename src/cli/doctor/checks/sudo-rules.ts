import { sudoFindings } from "../../sudo-findings.ts";
import type { Check } from "../check.ts";
import { ok } from "../finding.ts";

/** Whether this user may run the commands of the process list. */
export const sudoRules: Check = {
  name: "sudo rules",
  monitors: ["processmonitor"],
  limitMs: () => 65_000,
  async run({ loaded }) {
    if (process.getuid?.() === 0) return [ok("root needs none")];
    const found = await sudoFindings(loaded, "processmonitor");
    if (found.length === 0) return [ok("all commands of the process list are permitted")];
    return found.map(({ message }) => ({
      level: "problem",
      what: message,
      why: "the process is not restarted when it fails, and the host is reported to Masakari instead",
      fix: "add the command with NOPASSWD to a file in /etc/sudoers.d (visudo -f), for this user",
    }));
  },
};
