import type { FencingResource } from "./cib.ts";

/**
 * The hosts that a device is configured to fence: `hostname` of external/ipmi, else `pcmk_host_map` and `pcmk_host_list`, as Pacemaker reads them
 * (Pacemaker Explained, "Special Meta-Attributes for Fencing Resources"). Hosts that a device would only find out by asking its BMC are not known.
 */
export function targetsOf({ agent, parameters }: FencingResource): ReadonlySet<string> {
  const { hostname, pcmk_host_map: map = "", pcmk_host_list: list = "" } = parameters;
  const own = agent.startsWith("external/") && hostname !== undefined ? [hostname] : [];
  return new Set([...own, ...hostsOfMap(map), ...list.split(/[\s,;]+/)].filter((host) => host !== ""));
}

/** `node1:1;node2:2,3`: the ports of a host are separated by commas, hosts by semicolons, tabs, spaces or new lines. */
function hostsOfMap(map: string): string[] {
  return map.split(/[;\s]+/).map((entry) => entry.split(/[:=]/, 1)[0] ?? "");
}
