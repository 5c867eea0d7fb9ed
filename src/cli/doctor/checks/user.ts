import { readFile, statfs } from "node:fs/promises";
import { lockHolder } from "../../../notify/state-lock.ts";
import { fallbackPlaces, stateEnvironment } from "../../state-place.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";

/** Rights are checked for whoever runs doctor: that is to be whoever runs the monitors. */
export const user: Check = {
  name: "user",
  async run({ loaded, monitors }) {
    const path = loaded.config.DEFAULT.state_path;
    // Where the disk hangs this waits, on a thread of its own; a directory that is not there has no lock either.
    await statfs(path).catch(() => undefined);
    const places = [path, ...fallbackPlaces(path, stateEnvironment())];
    const own = process.geteuid?.() ?? 0;
    const others = await Promise.all(
      monitors.map(async (name): Promise<Finding | undefined> => {
        const pid = places.map((place) => lockHolder(place, name)).find((found) => found !== undefined);
        const uid = pid === undefined ? undefined : await userOf(pid);
        if (uid === undefined || uid === own) return undefined;
        return {
          level: "warning",
          what: `${name} (pid ${pid}) runs as user ${uid}, and doctor as user ${own}`,
          why: "what this user may do is no answer to what the monitor may do: libvirt, sudo, the cluster, the disk",
          fix: `sudo -u '#${uid}' masakari-monitors doctor`,
        };
      }),
    );
    const found = others.filter((one) => one !== undefined);
    return found.length > 0 ? found : [ok(`rights are checked for user ${own}`)];
  },
};

async function userOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
  return uid === undefined ? undefined : Number(uid);
}
