import type { DecisionContext } from "../../monitor/decision.ts";
import type { InstanceEffect, InstanceSettings } from "../observation.ts";
import type { Guest } from "../state.ts";
import { isActedOn, type VmEvent } from "./notification-table.ts";

/** One observation on its way through the decisions, and what has been decided so far. */
export interface Context extends DecisionContext<InstanceSettings, InstanceEffect> {
  /** As in the state: every domain of this host is known. */
  readonly complete: boolean;
  /** As in the state: what happened before this connection is not all known yet. */
  readonly looking: boolean;
  /** A look that is not the first on its connection: libvirtd has not been restarted since the one before. */
  readonly again: boolean;
}

/** How an event that was missed was noticed. */
export const FOUND_LATER = ", found by comparison with the previous state";

export function subjectOf(uuid: string): string {
  return `instance:${uuid}`;
}

export function notify(context: Context, uuid: string, name: string, vmEvent: VmEvent, how = ""): void {
  context.log(
    isActedOn(vmEvent) ? "warning" : "info",
    `${shown(uuid, name)}: ${vmEvent.event} ${vmEvent.domainEvent}${how}`,
  );
  const payload = { event: vmEvent.event, instance_uuid: uuid, vir_domain_event: vmEvent.domainEvent };
  context.notify(subjectOf(uuid), { type: "VM", payload });
}

/** @param which what it makes untrue; all if not given */
export function supersede(context: Context, uuid: string, reason: string, which?: readonly VmEvent[]): void {
  const payloads = which?.map(({ event, domainEvent }) => ({ event, vir_domain_event: domainEvent }));
  context.supersede(subjectOf(uuid), reason, payloads);
}

/** For log lines: as `virsh list` and `openstack server list` have it. */
export function shown(uuid: string, name: string): string {
  return `${name} (${uuid})`;
}

/** A domain that nothing is known of but this. */
export function newGuest(known: Pick<Guest, "name" | "id" | "state" | "reason" | "transient">): Guest {
  return {
    ...known,
    incoming: false,
    alreadyNotified: null,
    endUnknown: false,
    panicEvent: false,
    lastEvent: 0,
    recent: {},
    gone: false,
  };
}
