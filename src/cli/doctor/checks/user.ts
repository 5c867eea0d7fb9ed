import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import { runningMonitor } from "../running-monitor.ts";

/** Rights are checked for whoever runs doctor: that is to be whoever runs the monitors. */
export const user: Check = {
  name: "user",
  async run({ loaded, monitors }) {
    const own = process.geteuid?.() ?? 0;
    const others = await Promise.all(
      monitors.map(async (name): Promise<Finding | undefined> => {
        const running = await runningMonitor(loaded, name);
        if (running === undefined || running.uid === own) return undefined;
        const { pid, uid } = running;
        return {
          level: "warning",
          what: `${name} (pid ${pid}) runs as user ${uid}, and doctor as user ${own}`,
          why: "what this user may do does not show what the monitor may do: libvirt, sudo, the cluster, the disk",
          fix: `sudo -u '#${uid}' masakari-monitors doctor`,
        };
      }),
    );
    const found = others.filter((one) => one !== undefined);
    return found.length > 0 ? found : [ok(`rights are checked for user ${own}`)];
  },
};
