import { comment } from "./comment.ts";
import { renderProcessList } from "./migrate.ts";
import type { ProcessEntry } from "./process-entry.ts";
import { bareEntry } from "./process-list/entries.ts";
import { processKeys } from "./process-list/keys.ts";
import { renderSample } from "./sample.ts";
import { renderShellSample } from "./shell/sample.ts";

const service = (process_name: string, unit: string): ProcessEntry => ({
  ...bareEntry,
  process_name,
  start_command: `systemctl start ${unit}`,
  restart_command: `systemctl restart ${unit}`,
  run_as_root: true,
});

/** What a compute host of Debian runs; units have other names elsewhere. */
const services = [
  service("/usr/sbin/libvirtd", "libvirtd"),
  service("nova-compute", "nova-compute"),
  service("masakari-instancemonitor", "masakari-instancemonitor"),
  service("/usr/sbin/sshd", "ssh"),
];

function processListSample(): string {
  const keys = Object.entries(processKeys).flatMap(([name, { help, ours }]) =>
    comment(`${name}: ${help}${ours ? " The Python monitors do not have this key." : ""}`),
  );
  return `${[...comment("The processes to watch, one entry each. Its keys:"), ...keys].join("\n")}\n${renderProcessList(services)}`;
}

function procListSample(): string {
  const lines = services.map(({ process_name, start_command, restart_command }, index) => {
    const id = String(index + 1).padStart(2, "0");
    return `${id},${process_name},sudo ${start_command},sudo ${restart_command},,,,\n`;
  });
  return lines.join("");
}

/** Every file that can stand in /etc/masakarimonitors, and how its sample is written. */
export const samples: Readonly<Record<string, () => string>> = {
  "masakarimonitors.conf": renderSample,
  "process_list.yaml": processListSample,
  "hostmonitor.conf": () => renderShellSample("hostmonitor"),
  "processmonitor.conf": () => renderShellSample("processmonitor"),
  "proc.list": procListSample,
};
