import type { CommonEffect, SupersedeEffect } from "../../monitor/contract.ts";
import { generatedTime, type Notification } from "../../notify/notification.ts";
import type { Instant } from "../../system/clock.ts";
import type { InstanceEffect, InstanceSettings } from "../observation.ts";
import type { Guest } from "../state.ts";
import { isActedOn, type VmEvent } from "./notification-table.ts";

export type Effect = CommonEffect | InstanceEffect;

/** One observation on its way through the decisions, and what has been decided so far. */
export interface Turn {
  readonly at: Instant;
  readonly settings: InstanceSettings;
  /** As in the state: every domain of this host is known. */
  readonly complete: boolean;
  /** As in the state: what happened before this connection is not all known yet. */
  readonly looking: boolean;
  /** A look that is not the first on its connection: libvirtd has not been restarted since the one before. */
  readonly again: boolean;
  readonly effects: Effect[];
}

/** How an event that was missed was noticed. */
export const FOUND_LATER = ", found when comparing with the state before";

export function subjectOf(uuid: string): string {
  return `instance:${uuid}`;
}

export function notify(turn: Turn, uuid: string, name: string, vmEvent: VmEvent, how = ""): void {
  say(
    turn,
    isActedOn(vmEvent) ? "warning" : "info",
    `${shown(uuid, name)}: ${vmEvent.event} ${vmEvent.domainEvent}${how}`,
  );
  turn.effects.push({
    kind: "notify",
    subject: subjectOf(uuid),
    notification: {
      type: "VM",
      hostname: turn.settings.hostname,
      generated_time: generatedTime(turn.at.wall),
      payload: { event: vmEvent.event, instance_uuid: uuid, vir_domain_event: vmEvent.domainEvent },
    },
  });
}

/** @param which what it makes untrue, by `event` and `vir_domain_event`; all if not given */
export function supersede(turn: Turn, uuid: string, reason: string, which?: (event: VmEvent) => boolean): void {
  const effect: SupersedeEffect = { kind: "supersede", subject: subjectOf(uuid), reason };
  turn.effects.push(which === undefined ? effect : { ...effect, which: (one) => which(vmEventIn(one)) });
}

export function say(turn: Turn, level: "debug" | "info" | "warning" | "error", text: string): void {
  turn.effects.push({ kind: "say", level, text });
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

function vmEventIn({ payload }: Notification): VmEvent {
  return { event: payload.event ?? "", domainEvent: payload.vir_domain_event ?? "" };
}
