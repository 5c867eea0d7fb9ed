import type { Config } from "../../config/sections.ts";
import { instanceMonitor } from "../../instance/monitor.ts";
import type { InstanceSettings } from "../../instance/observation.ts";
import { type Program, runnable } from "../program.ts";

const settings = ({ instancemonitor, DEFAULT, notifications }: Config): InstanceSettings => ({
  ...instancemonitor,
  hostname: DEFAULT.hostname,
  shadow: notifications.shadow,
});

export const instanceMonitorProgram: Program = {
  command: "masakari-instancemonitor",
  description: "Notifies Masakari of events of the guests of this host's libvirt.",
  name: "instancemonitor",
  notificationTypes: ["VM"],
  retry: ({ callback }) => ({ api_retry_max: callback.retry_max, api_retry_interval: callback.retry_interval }),
  create({ config, clock, log, bootId, conditions }) {
    const { connection_uri: connectionUri } = config.libvirt;
    const monitor = instanceMonitor({ settings: settings(config), connectionUri, bootId, clock, log, conditions });
    return runnable(monitor, (next) => {
      if (next.libvirt.connection_uri !== connectionUri) {
        log.warning("SIGHUP: a new value of [libvirt] connection_uri takes effect at the next start");
      }
      monitor.reload(settings(next));
    });
  },
};
