import type { Config } from "../../config/sections.ts";
import { introspectiveMonitor } from "../../introspective/monitor.ts";
import type { IntrospectiveSettings } from "../../introspective/observation.ts";
import { type Program, runnable } from "../program.ts";

const settings = ({ introspectiveinstancemonitor, DEFAULT, notifications }: Config): IntrospectiveSettings => ({
  ...introspectiveinstancemonitor,
  hostname: DEFAULT.hostname,
  shadow: notifications.shadow,
});
const agentPath = ({ introspectiveinstancemonitor }: Config): string =>
  introspectiveinstancemonitor.qemu_guest_agent_sock_path;

export const introspectiveMonitorProgram: Program = {
  command: "masakari-introspectiveinstancemonitor",
  description: "Pings the guest agents of this host's guests, and notifies Masakari when a guest stops responding.",
  name: "introspectiveinstancemonitor",
  notificationTypes: ["VM"],
  retry: ({ callback }) => ({ api_retry_max: callback.retry_max, api_retry_interval: callback.retry_interval }),
  create({ config, clock, log, bootId, conditions }) {
    const uri = config.libvirt.connection_uri;
    const monitor = introspectiveMonitor({
      settings: settings(config),
      agentPath: agentPath(config),
      uri,
      clock,
      log,
      bootId,
      conditions,
    });
    return runnable(monitor, (next) => {
      if (next.libvirt.connection_uri !== uri) {
        log.warning("SIGHUP: a new value of [libvirt] connection_uri takes effect at the next start");
      }
      monitor.reload(settings(next), agentPath(next));
    });
  },
};
