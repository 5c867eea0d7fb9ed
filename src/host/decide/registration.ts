import type { ConditionKind } from "../../status/conditions.ts";
import type { HostsState, Registration } from "../state.ts";
import { type Context, masakariName } from "./context.ts";

const REFUSED = "Masakari refuses notifications about these hosts";
const SEGMENTS: ConditionKind = { name: "segments", consequence: REFUSED };
const MAINTENANCE: ConditionKind = { name: "hosts on maintenance", consequence: REFUSED };
const DISABLED: ConditionKind = {
  name: "disabled segments",
  consequence: "Masakari ignores notifications about these hosts",
};

/** With the watched hosts about which Masakari would do nothing, by its last response. */
export function withRegistration(state: HostsState, { settings }: Context): HostsState {
  const { hosts, segmentHosts } = state;
  if (segmentHosts === undefined) return state;
  const registration: { [Key in keyof Registration]: string[] } = { unlisted: [], onMaintenance: [], disabled: [] };
  for (const { name, kind, reading } of hosts.values()) {
    if (kind === "server" || reading?.state === "absent") continue;
    const host = segmentHosts.get(masakariName(name, settings));
    if (host === undefined) registration.unlisted.push(name);
    else if (host.onMaintenance) registration.onMaintenance.push(name);
    else if (!host.isEnabled) registration.disabled.push(name);
  }
  const isEmpty = ({ unlisted, onMaintenance, disabled }: Registration): boolean =>
    unlisted.length + onMaintenance.length + disabled.length === 0;
  return isEmpty(registration) && isEmpty(state.registration) ? state : { ...state, registration };
}

/** What is wrong with them. Only if no watched host could be reported is the whole monitor disarmed. */
export function registrationProblems({ registration, view }: HostsState): readonly {
  readonly condition: ConditionKind;
  readonly names: readonly string[];
  readonly problem: string;
}[] {
  const { unlisted, onMaintenance, disabled } = registration;
  const useless = unlisted.length + onMaintenance.length + disabled.length;
  const isAll = view !== undefined && view.watched > 0 && useless >= view.watched;
  const kind = (condition: ConditionKind): ConditionKind => (isAll ? { ...condition, effect: "disarmed" } : condition);
  return [
    {
      condition: kind(SEGMENTS),
      names: unlisted,
      problem: "in no segment; add them, or map their names with [host] host_names",
    },
    {
      condition: kind(MAINTENANCE),
      names: onMaintenance,
      problem:
        "on maintenance, where a recovery leaves a host; for each that is well again: masakari host-update HOST --on-maintenance false",
    },
    {
      condition: kind(DISABLED),
      names: disabled,
      problem: "in a disabled segment: openstack segment update SEGMENT --is_enabled True",
    },
  ];
}
