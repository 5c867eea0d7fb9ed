import type { SegmentHost } from "../openstack/segment-hosts.ts";
import type { ConditionKind } from "../status/conditions.ts";

const REFUSED = "Masakari refuses every notification about this host";
const IN_SEGMENT: ConditionKind = { name: "host segment", consequence: REFUSED, effect: "disarmed" };
const MAINTENANCE: ConditionKind = { name: "host maintenance", consequence: REFUSED, effect: "disarmed" };
const ENABLED: ConditionKind = {
  name: "segment disabled",
  consequence: "Masakari ignores every notification about this host",
  effect: "disarmed",
};
/** What a host's registration may lack. */
export const REGISTRATION: readonly ConditionKind[] = [IN_SEGMENT, MAINTENANCE, ENABLED];

/** How this host's clock agrees with the API's. */
export const CLOCK: ConditionKind = {
  name: "clock",
  consequence: "Masakari may take a notification for a repeat or for one that is out of date, and ignore it",
};

/** So far this host's clock may differ from the API's, ms: a third of the time within which the API looks for repeats. */
const CLOCK_LIMIT_MS = 60_000;

/** What keeps Masakari from acting on notifications about a host. */
export interface Defect {
  readonly what: string;
  /** The command that ends it, or what else to do. */
  readonly fix: string;
  /** Both, in one line. */
  readonly text: string;
}

/** The kinds of `REGISTRATION` in their order, with what is wrong about this host; undefined where nothing is. */
export function registrationOf(
  hostname: string,
  hosts: ReadonlyMap<string, SegmentHost>,
): readonly { readonly kind: ConditionKind; readonly defect: Defect | undefined }[] {
  const host = hosts.get(hostname);
  return [
    { kind: IN_SEGMENT, defect: host === undefined ? unknown(hostname, hosts) : undefined },
    { kind: MAINTENANCE, defect: host?.onMaintenance === true ? onMaintenance(host) : undefined },
    { kind: ENABLED, defect: host?.isEnabled === false ? disabled(host) : undefined },
  ];
}

/** What is wrong if this host's clock is so far ahead of the API's (ms); undefined if they agree well enough. */
export function clockProblem(offsetMs: number): string | undefined {
  if (Math.abs(offsetMs) <= CLOCK_LIMIT_MS) return undefined;
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return `this host's clock is ${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} the Masakari API's; synchronise both (chronyc tracking shows how this host's is set)`;
}

const defectOf = (what: string, fix: string, between = ": "): Defect => ({
  what,
  fix,
  text: `${what}${between}${fix}`,
});

function unknown(hostname: string, hosts: ReadonlyMap<string, SegmentHost>): Defect {
  const similar = [...hosts.keys()].find((name) => firstLabel(name) === firstLabel(hostname));
  if (similar !== undefined) {
    const what = `${hostname} is in no segment, but ${similar} is`;
    return defectOf(what, `if that is this host, set hostname = ${similar} in [DEFAULT]`);
  }
  const other = "or, if its segment has it by another name, set that name as hostname in [DEFAULT]";
  return defectOf(`${hostname} is in no segment`, `masakari host-create ${hostname} --segment SEGMENT (${other})`);
}

const firstLabel = (name: string): string => name.toLowerCase().split(".")[0] ?? "";

function onMaintenance({ name, segment }: SegmentHost): Defect {
  const what = `${name} is on maintenance in segment ${segment.name}, where a recovery leaves it`;
  const other = `openstack segment host update ${segment.name} ${name} --on_maintenance False`;
  const fix = `when it is well again: masakari host-update ${name} --on-maintenance false (or: ${other})`;
  return defectOf(what, fix, "; ");
}

function disabled({ name, segment }: SegmentHost): Defect {
  const fix = `openstack segment update ${segment.name} --is_enabled True`;
  return defectOf(`segment ${segment.name} of ${name} is disabled`, fix);
}
