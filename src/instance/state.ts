import { type CommonState, initialCommonState } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { SubjectOrder } from "../monitor/subject-order.ts";
import type { InstanceSettings } from "./observation.ts";

/** What is known of one domain. */
export interface Guest {
  readonly name: string;
  readonly id: number;
  /** libvirt's words for its state and the reason, e.g. `RUNNING` and `BOOTED`. */
  readonly state: string;
  readonly reason: string;
  /** libvirt forgets it when it ends. Of one that no look has found yet it is a guess. */
  readonly transient: boolean;
  /** It is being migrated to this host and has not run here yet: what happens to it here does not happen to the guest. */
  readonly incoming: boolean;
  /** The `vir_domain_event` that was notified for this state; its event may still come on this connection. */
  readonly alreadyNotified: string | null;
  /** It ran, is off, and how it has ended is not known yet: QEMU's log is being read. */
  readonly endUnknown: boolean;
  /** libvirtd has sent an event of its panic over this connection, and does what its `<on_crash>` demands. Not saved. */
  readonly panicEvent: boolean;
  /** The number of the last event of this run of the program that changed its state. Not saved. */
  readonly lastEvent: number;
  /** When (mono, ms) each notification that bursts can hold was sent last. Not kept. */
  readonly recent: Readonly<Record<string, number>>;
  /** Undefined meanwhile, and here only until the looks under way are through. Not kept. */
  readonly gone: boolean;
}

export interface InstanceState extends CommonState<InstanceSettings> {
  /** All domains of this host have been looked at once in this boot, so one that is not here is new. */
  readonly complete: boolean;
  /** The domains are being looked at. */
  readonly looking: boolean;
  /** By uuid. */
  readonly guests: SubjectMap<Guest>;
  /** Those that libvirt has probably forgotten, by the number of their last event; follows from `guests`. */
  readonly ended: SubjectOrder;
}

export const initialState: InstanceState = {
  ...initialCommonState,
  complete: false,
  looking: false,
  guests: new SubjectMap(),
  ended: SubjectOrder.empty,
};

/** Whether it has no QEMU. */
export function isOff(guest: Pick<Guest, "state">): boolean {
  return guest.state === "SHUTOFF";
}

/** Whether libvirt has probably forgotten it; the next look will show. */
export function isEnded(guest: Guest | undefined): guest is Guest {
  return guest?.transient === true && isOff(guest);
}

/** The state with other guests, all of them. */
export function withGuests(state: InstanceState, guests: SubjectMap<Guest>): InstanceState {
  let ended = SubjectOrder.empty;
  for (const [uuid, guest] of guests) if (isEnded(guest)) ended = ended.with(uuid, guest.lastEvent);
  return { ...state, guests, ended };
}

/** The state with another guest under this UUID, or none. */
export function withGuest(state: InstanceState, uuid: string, guest: Guest | undefined): InstanceState {
  const before = state.guests.get(uuid);
  if (guest === before) return state;
  const guests = guest === undefined ? state.guests.delete(uuid) : state.guests.set(uuid, guest);
  let { ended } = state;
  if (isEnded(before)) ended = ended.without(uuid, before.lastEvent);
  if (isEnded(guest)) ended = ended.with(uuid, guest.lastEvent);
  return { ...state, guests, ended };
}
