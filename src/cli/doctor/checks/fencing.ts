import { checkPower } from "../../../host/power/check-power.ts";
import { messageOf } from "../../../system/message-of.ts";
import { countOf } from "../../../system/plural.ts";
import type { Check } from "../check.ts";
import type { WatchedHost } from "../cluster.ts";
import { type Finding, ok } from "../finding.ts";
import type { Subject } from "../subject.ts";
import { CLUSTER_LIMIT } from "./limits.ts";

const NO_PROOF = "its loss is reported as UNKNOWN, which masakari-engine ignores, until the cluster has fenced it";

/** Whether each watched host has a fencing device whose BMC answers its password: the proof that a lost host is off. */
export const fencing: Check = {
  name: "fencing",
  monitors: ["hostmonitor"],
  limitMs: ({ loaded }) => CLUSTER_LIMIT() + loaded.config.host.ipmi_timeout * 2000,
  async run(subject, signal) {
    const { host } = subject.loaded.config;
    // What cannot be looked at is a finding of the check of the cluster.
    const view = await subject.cluster.view().catch(() => undefined);
    if (view === undefined) return [];
    if (host.disable_ipmi_check) return [ok("not checked: [host] disable_ipmi_check = true")];
    const { driver, hosts } = view;
    if (driver.findFencingDevices === undefined)
      return [ok(`${driver.name} has no fencing devices; other gates apply`)];
    const found = new Map<string, readonly Finding[]>();
    // A BMC that does not answer delays only its own host.
    const all = hosts.map(async (one) => {
      const { devices, problem } = (await driver.findFencingDevices?.(one.name, signal)) ?? { devices: [] };
      const findings = problem === undefined ? [] : [noDevice(one, problem, devices.length > 0)];
      for (const device of devices) findings.push(await ask(one, device, subject, signal));
      // A check that was ended shows nothing about its host.
      if (!signal.aborted) found.set(one.name, findings);
    });
    await Promise.race([Promise.all(all), abortOf(signal)]);
    const unchecked = hosts.filter(({ name }) => !found.has(name));
    return [...[...found.values()].flat(), ...(unchecked.length > 0 ? [notChecked(unchecked, hosts.length)] : [])];
  },
};

/** So many hosts are named at most. */
const NAMED = 20;

function abortOf(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

function notChecked(hosts: readonly WatchedHost[], of: number): Finding {
  const names = hosts.slice(0, NAMED).map(({ name }) => name);
  const more = hosts.length > NAMED ? ` and ${hosts.length - NAMED} more` : "";
  return {
    level: "warning",
    what: `not checked in time: ${hosts.length} of ${countOf(of, "host")}: ${names.join(", ")}${more}`,
    why: "whether their BMCs could prove them off is not known",
    fix: "repair the BMCs that do not answer, since each takes [host] ipmi_timeout, and run doctor again; or lower ipmi_timeout",
  };
}

function noDevice({ name }: WatchedHost, problem: string, hasOthers: boolean): Finding {
  return {
    level: hasOthers ? "warning" : "problem",
    what: `${name}: ${problem}`,
    why: NO_PROOF,
    fix: `configure a fencing device (external/ipmi, fence_ipmilan or fence_redfish) that names ${name} as its host: pcs stonith create, crm configure primitive`,
  };
}

async function ask(
  { name, isOnline }: WatchedHost,
  device: Parameters<typeof checkPower>[0],
  { clock, loaded }: Subject,
  signal: AbortSignal,
): Promise<Finding> {
  const parts = { clock, timeoutMs: loaded.config.host.ipmi_timeout * 1000 };
  const { power, reason } = await checkPower(device, parts, signal).catch((error: unknown) => ({
    power: "unknown" as const,
    reason: messageOf(error),
  }));
  if (power === "unknown") {
    const fix = `correct the device ${device.id} in the cluster (address, user, password), or repair the BMC`;
    return { level: "problem", what: `${name}: ${reason}`, why: NO_PROOF, fix };
  }
  if (power === "off" && isOnline) {
    const why =
      "another host's BMC would be taken as proof that this one is off, while its guests still run: they would run twice";
    return {
      level: "problem",
      what: `${name} is online, and ${reason}`,
      why,
      fix: `correct the address or the host of the device ${device.id} in the cluster`,
    };
  }
  return ok(`${name}: ${reason}`);
}
