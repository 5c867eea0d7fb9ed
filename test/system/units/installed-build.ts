import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SystemManager } from "../../support/system-manager.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, "packaging/systemd");

/** The units that the packages have. */
export const UNITS = readdirSync(folder).filter((name) => name.endsWith(".service"));

export function packaged(unit: string): string {
  return readFileSync(join(folder, unit), "utf8");
}

/** Where a package puts the build. */
const LIB = "/usr/lib/masakari-monitors";
/** What the build loads, beside itself. */
const PARTS = ["bin", "dist", "package.json", "node_modules"];

/**
 * Installs the build on a host as a package does, with the user and the configuration; nothing of it is on this machine.
 * @param host one that packages can be installed on
 * @param files of /etc/masakarimonitors, by name
 */
export async function installBuild(
  host: SystemManager,
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const etc = "/etc/masakarimonitors";
  const dependencies = Object.keys(dependenciesOf(readFileSync(join(root, "package.json"), "utf8")));
  const script = [
    "set -e",
    `mkdir -p ${LIB}/node_modules ${etc}`,
    `for part in ${PARTS.filter((part) => part !== "node_modules").join(" ")}; do cp -r "${root}/$part" ${LIB}/; done`,
    `for part in ${dependencies.join(" ")}; do [ -d "${root}/node_modules/$part" ] || continue; mkdir -p "$(dirname "${LIB}/node_modules/$part")"; cp -r "${root}/node_modules/$part" "$(dirname "${LIB}/node_modules/$part")"; done`,
    `for program in ${LIB}/bin/masakari*; do ln -sf "$program" /usr/bin/; done`,
    `install --mode=0644 ${root}/packaging/polkit-1/rules.d/*.rules /usr/share/polkit-1/rules.d/`,
    `systemd-sysusers ${root}/packaging/sysusers.d/*.conf`,
    ...Object.keys(files).map((name) => `install --mode=0640 --group=masakari "${join(directory, name)}" ${etc}/`),
  ].join("\n");
  await host.inside("sh", "-c", script);
}

function dependenciesOf(text: string): Readonly<Record<string, string>> {
  const { dependencies, optionalDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
  return { ...dependencies, ...optionalDependencies };
}
