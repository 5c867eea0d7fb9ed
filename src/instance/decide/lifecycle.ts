import type { GuestEvent, GuestName } from "../observation.ts";
import { type Guest, isOff } from "../state.ts";
import { beginLife, goOn, isNewLife, overtaken } from "./life.ts";
import { FAILED, isActedOn, lifecycle, tellingOf } from "./table.ts";
import { newGuest, notify, say, shown, supersede, type Turn } from "./turn.ts";

type LifecycleEvent = Extract<GuestEvent, { kind: "lifecycle" }>;

/** The reason that libvirt has for `SHUTOFF` after a STOPPED of this detail, where it is called otherwise. */
const STOPPED_REASONS: Readonly<Record<string, string>> = { FAILED: "CRASHED" };
/** Likewise for `PAUSED` after a SUSPENDED. */
const SUSPENDED_REASONS: Readonly<Record<string, string>> = { PAUSED: "USER", MIGRATED: "MIGRATION" };

/** @returns the guest after a lifecycle event, undefined if there is no such domain (any more) */
export function lifecycleSeen(
  guest: Guest | undefined,
  { uuid, name, id }: GuestName,
  event: LifecycleEvent,
  number: number,
  turn: Turn,
): Guest | undefined {
  const { detail } = event;
  /** The guest as known so far, in the state that the event tells; looks that were begun before it count no more. */
  const now = (state: string, reason: string, from = guest): Guest => ({
    ...(from ?? newGuest({ name, id, state, reason, transient: turn.complete })),
    name,
    state,
    reason,
    id: id > 0 ? id : (from?.id ?? id),
    lastEvent: number,
    endUnknown: false,
    gone: false,
  });
  /** The same of a guest that lives: perhaps a life whose start was missed. */
  const alive = (state: string, reason: string): Guest =>
    isNewLife(guest, id) ? beginLife(now(state, reason), uuid, turn) : now(state, reason);
  const late = isLate(guest);
  // What comes before the event of its end is of the life that has ended.
  if (late && ["SUSPENDED", "PMSUSPENDED", "CRASHED"].includes(event.event)) return guest;
  switch (event.event) {
    case "DEFINED":
      if (guest !== undefined) return { ...guest, name, transient: false, gone: false };
      // Before all domains are known it may be an old one, of which the look is to tell.
      return turn.complete ? newGuest({ name, id, state: "SHUTOFF", reason: "UNKNOWN", transient: false }) : undefined;
    case "UNDEFINED":
      if (detail === "RENAMED" || guest === undefined) return guest;
      return undefinedSeen(guest, uuid, number, turn);
    case "STARTED": {
      const next = alive("RUNNING", detail);
      // It runs here once it is resumed; until then it runs where it comes from.
      return detail === "MIGRATED" ? { ...next, state: "PAUSED", reason: "MIGRATION", incoming: true } : next;
    }
    case "RESUMED": {
      const reason = detail === "MIGRATED" ? "MIGRATED" : "UNPAUSED";
      // At a start libvirt tells of it before it tells STARTED.
      if (guest === undefined || isNewLife(guest, id)) return alive("RUNNING", reason);
      return now("RUNNING", reason, goOn(guest, uuid, turn));
    }
    case "SUSPENDED": {
      // QEMU stops a guest that panics; libvirtd takes the two apart from each other, and may tell the stop after the panic.
      if (detail === "PAUSED" && guest?.state === "CRASHED" && !isNewLife(guest, id)) return guest;
      const next = alive("PAUSED", SUSPENDED_REASONS[detail] ?? detail);
      const told = tellIfNew(next, uuid, event, turn);
      return { ...told, incoming: told.incoming && detail === "MIGRATED" };
    }
    case "STOPPED": {
      // It was off: the life that ends now began in a gap, and a failure before it is over.
      if (guest !== undefined && isOff(guest) && !late && (turn.looking || isFailure(detail))) overtaken(uuid, turn);
      // So did the life of another id than the one that was seen alive last.
      const known = guest !== undefined && !isOff(guest) && isNewLife(guest, id) ? beginLife(guest, uuid, turn) : guest;
      return stoppedSeen(known, now("SHUTOFF", STOPPED_REASONS[detail] ?? detail, known), uuid, event, turn);
    }
    case "PMSUSPENDED":
      return alive("PMSUSPENDED", "UNKNOWN");
    case "CRASHED":
      // CRASHLOADED: the guest's own crash kernel has taken over, and the guest reboots by itself.
      return detail === "PANICKED" ? { ...panicSeen(alive("CRASHED", detail), uuid, turn), panicHeard: true } : guest;
    case "SHUTDOWN": {
      const told = tellingOf(event);
      if (told !== undefined) notify(turn, uuid, name, told);
      if (guest === undefined || isOff(guest)) return guest;
      // Its end is wished from now on, also where libvirtd goes away before it has told of it.
      say(turn, "debug", `${shown(uuid, name)}: is going down`);
      return now("SHUTDOWN", "UNKNOWN");
    }
    default:
      return guest;
  }
}

/** What libvirt does next depends on `<on_crash>`: mostly STOPPED or REBOOT follows; with `preserve` nothing does. */
export function panicSeen(guest: Guest, uuid: string, turn: Turn): Guest {
  say(turn, "warning", `${shown(uuid, guest.name)}: its kernel has panicked`);
  if (turn.settings.notify_guest_panic) turn.effects.push({ kind: "askOnCrash", uuid });
  return guest;
}

/** It stays crashed, for somebody to look at: nothing else will tell of it. */
export function onCrashKnown(guest: Guest, uuid: string, action: string, turn: Turn): Guest {
  if (guest.state !== "CRASHED" || action !== "preserve") return guest;
  return panicTold(guest, uuid, "on_crash preserve", turn);
}

/** It has panicked, and nothing else will tell of it. */
export function panicTold(guest: Guest, uuid: string, why: string, turn: Turn): Guest {
  if (guest.told !== null || !turn.settings.notify_guest_panic) return guest;
  notify(turn, uuid, guest.name, lifecycle(FAILED), `: its kernel has panicked, and it stays so (${why})`);
  return { ...guest, told: FAILED };
}

function stoppedSeen(before: Guest | undefined, now: Guest, uuid: string, event: LifecycleEvent, turn: Turn): Guest {
  const { detail } = event;
  const off: Guest = { ...now, incoming: false, panicHeard: false, recent: {} };
  // libvirtd destroys what has arrived of it when its source goes away.
  if (now.incoming && (isFailure(detail) || detail === "DESTROYED")) {
    say(
      turn,
      "info",
      `${shown(uuid, now.name)}: its migration to this host has failed; it never ran here, so Masakari is not told`,
    );
    return off;
  }
  // What the look found is told; that it was a failure after all is worth telling.
  if (isLate(before) && !isFailure(detail)) return { ...off, told: null };
  if (detail !== "CRASHED") return tellIfNew(off, uuid, event, turn);
  // While all is looked at, the event of a panic may have been missed.
  if (!turn.looking && before !== undefined && ["RUNNING", "PAUSED"].includes(before.state)) {
    return dumpedSeen(off, uuid, turn);
  }
  if (!turn.settings.notify_guest_panic) return off;
  return tellIfNew(off, uuid, { ...event, detail: "FAILED" }, turn);
}

/** A look has found its end, of which the event is still to come. */
function isLate(guest: Guest | undefined): boolean {
  return guest !== undefined && isOff(guest) && guest.told !== null;
}

/** Only a panic or `virsh dump --crash` ends a guest as crashed, and there was no panic. */
function dumpedSeen(guest: Guest, uuid: string, turn: Turn): Guest {
  const who = shown(uuid, guest.name);
  say(turn, "info", `${who}: was dumped and ended by hand (virsh dump --crash), so Masakari is not told`);
  return guest;
}

function isFailure(detail: string): boolean {
  return detail === "FAILED" || detail === "CRASHED";
}

/** Tells of the event by the table, unless the state that it tells of was found by looking, and told. */
function tellIfNew(guest: Guest, uuid: string, event: LifecycleEvent, turn: Turn): Guest {
  const told = tellingOf(event);
  const before = guest.told;
  if (told !== undefined && told.domainEvent !== before) notify(turn, uuid, guest.name, told);
  return before === null ? guest : { ...guest, told: null };
}

/** A guest that is deleted, or has been moved elsewhere: a recovery here would come to the wrong one, or for nothing. */
function undefinedSeen(guest: Guest, uuid: string, number: number, turn: Turn): Guest {
  if (!isOff(guest)) return { ...guest, transient: true };
  supersede(turn, uuid, "the domain has been undefined", isActedOn);
  return { ...guest, gone: true, lastEvent: number };
}
