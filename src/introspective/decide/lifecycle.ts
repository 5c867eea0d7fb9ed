import { type Guest, newGuest } from "../guest.ts";
import type { GuestChange, GuestSeen } from "../observation.ts";
import {
  type Context,
  clearFailures,
  displayName,
  nextPingAt,
  rediscover,
  restartGuest,
  startCall,
  supersedeReport,
} from "./context.ts";

/** A lifecycle event. @returns the guest after it, undefined if there is none (any more) */
export function applyChange(known: Guest | undefined, uuid: string, name: string, what: GuestChange, context: Context) {
  if (what === "started") {
    startCall({ kind: "look", uuid }, context);
    return restartGuest({ ...(known ?? newGuest(uuid, name)), name }, context);
  }
  if (!known) return undefined;
  switch (what) {
    case "paused":
      return { ...clearFailures(known), running: false };
    case "resumed":
      return known.running
        ? known
        : { ...clearFailures(known), running: true, due: nextPingAt(known, context.at.mono, context) };
    case "shuttingDown":
    case "rebooted": {
      if (!context.settings.leave_alone_restarting || known.phase === "reported") return known;
      const text = what === "rebooted" ? "reboots" : "shuts down";
      if (known.phase !== "discovery")
        context.log("info", `${displayName(known)}: ${text}; not monitored until it answers`);
      return rediscover(known);
    }
    case "stopped":
      supersedeReport(known, context, "has stopped");
      return removeGuest(known);
  }
}

/** Its agent has opened or closed its channel. */
export function applyAgentChange(
  known: Guest | undefined,
  uuid: string,
  connected: boolean,
  context: Context,
): Guest | undefined {
  // Which channel this is, only the XML shows; and one that is being read may have been read too early.
  if (!known || known.agent === "none" || known.agent === "unknown") {
    startCall({ kind: "look", uuid }, context);
    return known;
  }
  if (!connected) return closeChannel(known, context);
  const open: Guest = { ...known, agent: "connected", suspected: false };
  const due = Math.min(Math.max(known.due, context.at.mono), nextPingAt(known, context.at.mono, context));
  // An agent that opens its channel works; the Python monitor knows of pings only.
  if (context.settings.compat) return { ...open, due };
  if (known.phase === "error") context.log("info", `${displayName(known)}: its agent opened its channel again`);
  return { ...clearFailures(open), due };
}

function closeChannel(known: Guest, context: Context): Guest {
  const shut: Guest = { ...known, agent: "disconnected", occupied: undefined };
  if (known.phase !== "healthy" && known.phase !== "error") return shut;
  if (context.settings.agent_disconnected === "ignore") {
    context.log("info", `${displayName(known)}: its agent closed its channel; not monitored until it answers again`);
    return rediscover(shut);
  }
  const meaning = "its agent was stopped or has crashed, or the guest goes down or reboots";
  context.log(
    "warning",
    `${displayName(known)}: its agent closed its channel (${meaning}); failed pings count from now on`,
  );
  return shut;
}

/** A look at the guest's state and XML. */
export function applyLook(known: Guest | undefined, seen: GuestSeen, context: Context): Guest | undefined {
  const { uuid, name, id, running, unmatched, fault } = seen;
  if (id === -1) {
    if (known) supersedeReport(known, context, "no longer runs");
    return known && removeGuest(known);
  }
  let guest = known ?? newGuest(uuid, name);
  // Its start was missed.
  if (guest.id !== -1 && guest.id !== id) guest = restartGuest(guest, context);
  const agent = fault === undefined || guest.agent === "unknown" ? seen.agent : guest.agent;
  if (fault !== undefined) warnUnreadable(guest, fault, context);
  if (agent === "none" && guest.phase === "reported") supersedeReport(guest, context, "has no agent channel any more");
  if (agent === "none" || (agent === "disconnected" && isIgnored(guest, context))) guest = rediscover(guest);
  const watched = guest.running && guest.agent !== "none" && guest.agent !== "unknown";
  const due = watched ? guest.due : nextPingAt(guest, context.at.mono, context);
  return { ...guest, name, id, running, agent, unmatched, fault, due };
}

const LOOK_AGAIN = "look again at ";
const LOOK_AGAIN_MS = 60_000;

function warnUnreadable(guest: Guest, fault: string, context: Context): void {
  context.wake(LOOK_AGAIN + guest.uuid, LOOK_AGAIN_MS);
  if (guest.fault !== undefined) return;
  const meaning = guest.agent === "unknown" ? "it is not monitored" : "it is monitored as before";
  context.log(
    "warning",
    `${displayName(guest)}: its state or XML is unreadable: ${fault}; ${meaning}; retrying each minute`,
  );
}

/** @returns whether the wake is for a guest that could not be looked at */
export function lookAgain(key: string, context: Context): boolean {
  if (!key.startsWith(LOOK_AGAIN)) return false;
  startCall({ kind: "look", uuid: key.slice(LOOK_AGAIN.length) }, context);
  return true;
}

/** A closed channel that does not count takes a guest that was well back to discovery. */
function isIgnored({ phase }: Guest, { settings }: Context): boolean {
  return settings.agent_disconnected === "ignore" && phase !== "reported";
}

/** Forgotten, but for what is still under way: that holds its lane until it ends. */
function removeGuest(guest: Guest): Guest | undefined {
  const { ping, examination } = clearFailures(guest);
  return ping || examination ? { ...newGuest(guest.uuid, guest.name), agent: "none", ping, examination } : undefined;
}
