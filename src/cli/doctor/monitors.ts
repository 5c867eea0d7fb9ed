import type { Loaded } from "../../config/load.ts";
import { monitorPrograms } from "../programs/index.ts";
import { fallbackPlaces, stateEnvironment } from "../state-place.ts";
import { programsIn } from "../status-command.ts";

/** Sections that nobody fills in who does not run the monitor. */
const OWN_SECTIONS: Readonly<Record<string, readonly string[]>> = {
  processmonitor: ["process"],
  instancemonitor: ["instancemonitor", "libvirt"],
  introspectiveinstancemonitor: ["introspectiveinstancemonitor"],
  hostmonitor: ["host", "consul", "kubernetes"],
};

const all = Object.keys(monitorPrograms);

/**
 * The monitors of this host: those that are named; else those that have run here; else those with a section of their own in the configuration;
 * else all.
 * @throws if a name is none of them
 */
export async function monitorsOf(loaded: Loaded, named: readonly string[]): Promise<readonly string[]> {
  const unknown = named.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`no monitor ${unknown}; one of ${all.join(", ")}`);
  if (named.length > 0) return all.filter((name) => named.includes(name));
  const path = loaded.config.DEFAULT.state_path;
  const ran = await programsIn([path, ...fallbackPlaces(path, stateEnvironment())], undefined);
  const here = all.filter((name) => ran.includes(name));
  if (here.length > 0) return here;
  const isSet = (section: string): boolean =>
    Object.values(loaded.origins[section] ?? {}).some(({ kind }) => kind !== "default");
  const configured = all.filter((name) => OWN_SECTIONS[name]?.some(isSet));
  return configured.length > 0 ? configured : all;
}
