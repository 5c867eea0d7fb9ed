import { type Guest, newGuest } from "../guest.ts";
import type { GuestSeen, Happening } from "../observation.ts";
import { called, cleared, nextTurn, rediscovered, say, startedAgain, type Turn, takeBack } from "./turn.ts";

/** What libvirt says has happened to a guest; undefined: it is not to be thought of any more. */
export function happened(known: Guest | undefined, uuid: string, name: string, what: Happening, turn: Turn) {
  if (what === "started") {
    turn.effects.push({ kind: "look", uuid });
    return startedAgain({ ...(known ?? newGuest(uuid, name)), name }, turn);
  }
  if (!known) return undefined;
  switch (what) {
    case "paused":
      return { ...cleared(known), running: false };
    case "resumed":
      return known.running ? known : { ...cleared(known), running: true, due: nextTurn(uuid, turn.at.mono, turn) };
    case "shuttingDown":
    case "rebooted": {
      if (!turn.settings.leave_alone_restarting || known.phase === "reported") return known;
      const text = what === "rebooted" ? "reboots" : "shuts down";
      if (known.phase !== "discovery")
        say(turn, "info", `${called(known)}: ${text}; it is not watched until it answers`);
      return rediscovered(known);
    }
    case "stopped":
      takeBack(known, turn, "has stopped");
      return gone(known);
  }
}

/** Its agent has opened or closed its channel. */
export function agentChanged(
  known: Guest | undefined,
  uuid: string,
  connected: boolean,
  turn: Turn,
): Guest | undefined {
  // Which channel this is, only the XML tells; and one that is being read may have been read too early.
  if (!known || known.agent === "none" || known.agent === "unknown") {
    turn.effects.push({ kind: "look", uuid });
    return known;
  }
  if (!connected) return closed(known, turn);
  const open: Guest = { ...known, agent: "connected", suspected: false };
  const due = Math.min(Math.max(known.due, turn.at.mono), nextTurn(uuid, turn.at.mono, turn));
  // To open it is a sign of life; the Python monitor has no sign but a ping.
  if (turn.settings.compat) return { ...open, due };
  if (known.phase === "error") say(turn, "info", `${called(known)}: its agent has opened its channel again`);
  return { ...cleared(open), due };
}

function closed(known: Guest, turn: Turn): Guest {
  const shut: Guest = { ...known, agent: "disconnected", occupied: undefined };
  if (known.phase !== "healthy" && known.phase !== "error") return shut;
  if (turn.settings.agent_disconnected === "ignore") {
    say(turn, "info", `${called(known)}: its agent has closed its channel; it is not watched until it answers again`);
    return rediscovered(shut);
  }
  const meaning = "its agent was stopped or has crashed, or the guest goes down or reboots";
  say(
    turn,
    "warning",
    `${called(known)}: its agent has closed its channel (${meaning}); failed pings count from now on`,
  );
  return shut;
}

/** A look at the guest's state and XML. */
export function looked(known: Guest | undefined, seen: GuestSeen, turn: Turn): Guest | undefined {
  const { uuid, name, id, running, unmatched, fault } = seen;
  if (id === -1) {
    if (known) takeBack(known, turn, "does not run any more");
    return known && gone(known);
  }
  let guest = known ?? newGuest(uuid, name);
  // Its start was missed.
  if (guest.id !== -1 && guest.id !== id) guest = startedAgain(guest, turn);
  const agent = fault === undefined || guest.agent === "unknown" ? seen.agent : guest.agent;
  if (fault !== undefined) faulty(guest, fault, turn);
  if (agent === "none" && guest.phase === "reported") takeBack(guest, turn, "has no agent channel any more");
  if (agent === "none" || (agent === "disconnected" && isIgnored(guest, turn))) guest = rediscovered(guest);
  const watched = guest.running && guest.agent !== "none" && guest.agent !== "unknown";
  const due = watched ? guest.due : nextTurn(uuid, turn.at.mono, turn);
  return { ...guest, name, id, running, agent, unmatched, fault, due };
}

const LOOK_AGAIN = "look again at ";
const LOOK_AGAIN_MS = 60_000;

function faulty(guest: Guest, fault: string, turn: Turn): void {
  turn.effects.push({ kind: "wake", key: LOOK_AGAIN + guest.uuid, afterMs: LOOK_AGAIN_MS });
  if (guest.fault !== undefined) return;
  const meaning = guest.agent === "unknown" ? "it is not watched" : "it is watched as before";
  say(
    turn,
    "warning",
    `${called(guest)}: its state or XML cannot be read: ${fault}; ${meaning}. Looking again each minute`,
  );
}

/** @returns whether the wake is for a guest that could not be looked at */
export function lookAgain(key: string, turn: Turn): boolean {
  if (!key.startsWith(LOOK_AGAIN)) return false;
  turn.effects.push({ kind: "look", uuid: key.slice(LOOK_AGAIN.length) });
  return true;
}

/** A closed channel that does not count takes a guest that was well back to discovery. */
function isIgnored({ phase }: Guest, { settings }: Turn): boolean {
  return settings.agent_disconnected === "ignore" && phase !== "reported";
}

/** Forgotten, but for what is still under way: that holds its lane until it ends. */
function gone(guest: Guest): Guest | undefined {
  const { ping, examination } = cleared(guest);
  return ping || examination ? { ...newGuest(guest.uuid, guest.name), agent: "none", ping, examination } : undefined;
}
