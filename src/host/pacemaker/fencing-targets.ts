import type { FencingResource } from "./cib.ts";

/**
 * The hosts that a device is configured to fence: `hostname` of external/ipmi, else `pcmk_host_map` and `pcmk_host_list`, as Pacemaker reads them
 * (Pacemaker Explained, "Special Meta-Attributes for Fencing Resources"), in lower case, as it compares them without regard to case. Hosts that a
 * device would only find out by asking its BMC are not known.
 */
export function targetsOf({ agent, parameters }: FencingResource): ReadonlySet<string> {
  const { hostname = "", pcmk_host_map: map = "", pcmk_host_list: list = "" } = parameters;
  const own = agent.startsWith("external/") ? hostname.split(/\s+/) : [];
  const names = [...own, ...aliasesOf(map).keys(), ...list.split(/[\s,;]+/)];
  return new Set(names.filter((host) => host !== "").map((host) => host.toLowerCase()));
}

/** What the device calls the host, where its `pcmk_host_map` states it. */
export function aliasOf(
  { parameters: { pcmk_host_map: map = "" } }: FencingResource,
  host: string,
): string | undefined {
  return aliasesOf(map).get(host.toLowerCase());
}

/**
 * `node1:1;node2:2,3`: the ports of a host are separated by commas, hosts by semicolons, tabs, spaces or new lines. A backslash before a
 * character makes it part of the name, as in `node1:fd00\:\:1`.
 */
function aliasesOf(map: string): ReadonlyMap<string, string> {
  const entries = map.matchAll(/((?:\\.|[^\\:=;\s])+)[:=]((?:\\.|[^\\;\s])*)/g);
  return new Map([...entries].map(([, name = "", port = ""]) => [name.toLowerCase(), port.replaceAll("\\", "")]));
}
