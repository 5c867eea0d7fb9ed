import { loadTrustedProcessList } from "../../config/process-list.ts";
import type { Config } from "../../config/sections.ts";
import { processMonitor } from "../../process/monitor.ts";
import type { ProcessSettings } from "../../process/observation.ts";
import { type Program, runnable } from "../program.ts";

const settings = ({ process, DEFAULT, notifications }: Config): ProcessSettings => ({
  ...process,
  hostname: DEFAULT.hostname,
  shadow: notifications.shadow,
});

export const processMonitorProgram: Program = {
  command: "masakari-processmonitor",
  description: "Restarts the processes of the process list when they die, and notifies Masakari when restarting fails.",
  name: "processmonitor",
  notificationTypes: ["PROCESS"],
  retry: (config) => config.process,
  create({ config, clock, log, conditions, statePath, disk }) {
    const monitor = processMonitor({
      settings: settings(config),
      processListPath: config.process.process_list_path,
      loadProcessList: loadTrustedProcessList,
      statePath,
      readPauses: (parts) => disk.call("readPauses", parts),
      clock,
      log,
      conditions,
    });
    return runnable(monitor, (next) => monitor.reload(settings(next), next.process.process_list_path));
  },
};
