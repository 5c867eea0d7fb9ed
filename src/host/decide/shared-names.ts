import type { ClusterObservation } from "../driver.ts";
import type { HostSettings } from "../observation.ts";
import { masakariName } from "./context.ts";

/** Hosts that Masakari would take for one another, by the source's name of each: the names of the others. */
export type SharedNames = ReadonlyMap<string, readonly string[]>;

export const NO_SHARED_NAMES: SharedNames = new Map();

/** Hosts that `host_names` gives the name of another host, or of this one: the loss of one would be reported of the other, which may run. */
export function sharedNames(
  { hosts, self }: Pick<ClusterObservation, "hosts" | "self">,
  settings: Pick<HostSettings, "host_names" | "hostname">,
): SharedNames {
  const byName = new Map<string, string[]>();
  for (const { name, kind, state } of hosts) {
    if (kind === "server" || state === "absent") continue;
    const inMasakari = name === self.name ? settings.hostname : masakariName(name, settings);
    const known = byName.get(inMasakari);
    if (known === undefined) byName.set(inMasakari, [name]);
    else known.push(name);
  }
  if (byName.size === hosts.length) return NO_SHARED_NAMES;
  const shared = [...byName.values()].filter((names) => names.length > 1);
  return new Map(shared.flatMap((names) => names.map((name) => [name, names.filter((other) => other !== name)])));
}
