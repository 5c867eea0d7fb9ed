import type { MonitorPackage } from "./monitors.ts";
import { sourceText, type Tree } from "./tree.ts";

const POLKIT_RULES = "polkit-1/rules.d/50-masakari-process-monitor.rules";

/** The unit, which starts as Debian's does and may write the log that Debian's has. */
export function fillMonitorTree(tree: Tree, { name, program }: MonitorPackage): void {
  const unit = sourceText(`packaging/systemd/${name}.service`)
    .replace(/^ExecStart=.*$/m, `ExecStart=/usr/lib/masakari-monitors/debian/start ${name} ${program}`)
    .replace(/^ProtectSystem=strict$/m, "ProtectSystem=strict\nReadWritePaths=-/var/log/masakari");
  tree.text(`lib/systemd/system/${name}.service`, unit);
  if (name === "masakari-process-monitor") tree.copy(`usr/share/${POLKIT_RULES}`, `packaging/${POLKIT_RULES}`);
}

/** @returns its maintainer scripts, by name */
export function monitorScripts({ name }: MonitorPackage): Readonly<Record<string, string>> {
  const scripts = ["postinst", "prerm", "postrm"].map((script) => [
    script,
    sourceText(`packaging/debian/monitor.${script}`).replaceAll("@UNIT@", `${name}.service`).replaceAll("@NAME@", name),
  ]);
  return Object.fromEntries(scripts) as Record<string, string>;
}
