import type { Config } from "../../config/sections.ts";
import type { HostDriver } from "../../host/driver.ts";
import { hasRemotes, openDriver } from "../../host/drivers.ts";
import type { AskNova } from "../../host/host-api.ts";
import { parseHostNames } from "../../host/host-names.ts";
import { MasakariHosts } from "../../host/masakari/masakari-hosts.ts";
import type { novaWitness } from "../../host/masakari/nova.ts";
import { hostMonitor } from "../../host/monitor.ts";
import type { HostSettings } from "../../host/observation.ts";
import { checkPower } from "../../host/power/check-power.ts";
import type { ConditionKind } from "../../status/conditions.ts";
import { type MonitorContext, type Program, runnable } from "../program.ts";

function settings({ host, DEFAULT, notifications }: Config, driver: HostDriver): HostSettings {
  return {
    ...host,
    hostname: DEFAULT.hostname,
    shadow: notifications.shadow,
    second_witness: host.second_witness === "nova",
    host_names: parseHostNames(host.host_names).names,
    // Only Pacemaker has remotes: of others nobody would be watched.
    restrict_to_remotes: host.restrict_to_remotes && hasRemotes(host.monitoring_driver),
    needsProof: driver.findFencingDevices !== undefined && !host.disable_ipmi_check,
    // Upstream's Kubernetes driver sends none.
    hasClusterStatus: host.monitoring_driver !== "kubernetes",
  };
}

export const hostMonitorProgram: Program = {
  command: "masakari-hostmonitor",
  description: "Watches which hosts of the cluster are up, and notifies Masakari of those that are proven to be down.",
  name: "hostmonitor",
  notificationTypes: ["COMPUTE_HOST"],
  retry: ({ host }) => host,
  async create({ config, clock, log, bootId, statePath, disk, masakari, segmentHosts, userAgent, conditions }) {
    let current = config;
    const { monitoring_driver: driverName } = config.host;
    const { hostname } = config.DEFAULT;
    const driver = await openDriver(driverName, { clock, log, hostname, config: () => current });
    log.info(`Hosts are watched through ${driver.name} ([host] monitoring_driver = ${driverName})`);
    const askNova = lazyNova(() => current, { userAgent, clock, log });
    const checkWitness = witnessCheck(askNova, () => current.host, { conditions, log });
    const monitor = hostMonitor({
      settings: settings(config, driver),
      driver,
      api: new MasakariHosts({
        client: masakari,
        segmentHosts,
        clock,
        isShadow: () => current.notifications.shadow,
      }),
      askNova,
      checkWitness,
      checkPower: (device, signal) => {
        const parts = { clock, timeoutMs: current.host.ipmi_timeout * 1000 };
        return checkPower(device, parts, signal);
      },
      segmentsEveryMs: () => current.DEFAULT.masakari_check_interval * 1000,
      readOrders: () => disk.callLater("readOrders", statePath, { now: clock.now(), bootId }),
      bootId,
      clock,
      log,
    });
    return runnable(monitor, (next) => {
      if (next.host.monitoring_driver !== driverName) {
        log.warning("SIGHUP: a new value of [host] monitoring_driver takes effect at the next start");
      }
      current = next;
      monitor.reload(settings(next, driver));
    });
  },
};

const NOVA: ConditionKind = {
  name: "Nova",
  consequence: "[host] second_witness = nova: lost hosts are reported without a second witness",
};

/** Whether Nova could be asked shows before a host is lost. One of the segments' hosts stands for all. */
function witnessCheck(
  askNova: AskNova,
  host: () => Config["host"],
  { conditions, log }: Pick<MonitorContext, "conditions" | "log">,
): (hostnames: readonly string[], signal: AbortSignal) => Promise<void> {
  let before: string | undefined;
  return async ([hostname], signal) => {
    let problem: string | undefined;
    if (host().second_witness === "nova" && hostname !== undefined) {
      const ask = askNova(hostname, signal);
      problem = await ask
        .then(() => undefined)
        .catch((error: Error) => `no response about ${hostname}: ${error.message}`);
    }
    if (signal.aborted) return;
    conditions.set(NOVA, problem);
    if (problem !== undefined && problem !== before) log.warning(`Nova: ${problem}; ${NOVA.consequence}`);
    before = problem;
  };
}

/** Nova is asked only where the operator wants a second witness: until then nothing of it is loaded, and nobody logs in. */
function lazyNova(config: () => Config, context: Parameters<typeof novaWitness>[1]): AskNova {
  let asking: { readonly api: Config["api"]; readonly ask: Promise<AskNova> } | undefined;
  return async (hostname, signal) => {
    const { api } = config();
    if (asking?.api !== api) {
      asking = { api, ask: import("../../host/masakari/nova.ts").then((nova) => nova.novaWitness(api, context)) };
    }
    return await (await asking.ask)(hostname, signal);
  };
}
