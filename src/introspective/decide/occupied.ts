import type { Guest } from "../guest.ts";
import { type Context, displayName } from "./context.ts";

/** As libvirt names who holds an agent: "held by agent=remoteDispatchDomainFSFreeze", in every language. */
const HOLDER = /agent=(\w{1,100})/;
/**
 * Calls that only ask the agent for something it knows. Most guests hang with a program that polls all guests
 * all the time, so these get a shorter limit, s.
 */
const QUERY = /^remoteDispatchDomain(?:Get|InterfaceAddresses|AuthorizedSSHKeysGet)/;
const QUERY_LIMIT = 300;

/**
 * A ping has found another client's command with the guest's agent.
 * @param began when the ping began, mono
 */
export function noteOccupation(guest: Guest, context: Context, detail: string, began: number): Guest {
  const by = HOLDER.exec(detail)?.[1] ?? "";
  if (guest.occupied) return { ...guest, occupied: { ...guest.occupied, by } };
  const occupied = { since: began, by };
  const limit = limitOf(by, context);
  const spared = limit === 0 ? "" : ` for up to ${limit} s (agent_occupied_limit)`;
  const meaning = `whether the guest hangs is not known meanwhile, and failed pings do not count${spared}`;
  context.log("info", `${displayName(guest)}: its agent is occupied by ${commandOf(by)}: ${meaning}`);
  return { ...guest, occupied };
}

/**
 * Whether a missing response is due to another client's command. It may be even when libvirt no longer waits for that command, or
 * was restarted meanwhile: the agent works on it all the same, until it answers.
 */
export function isSpared({ occupied }: Guest, context: Context): boolean {
  if (!occupied) return false;
  const limit = limitOf(occupied.by, context);
  return limit === 0 || context.at.mono - occupied.since < limit * 1000;
}

/** The agent has answered. */
export function logOccupationEnd(guest: Guest, context: Context): void {
  const { occupied } = guest;
  if (!occupied) return;
  const seconds = Math.round((context.at.mono - occupied.since) / 1000);
  context.log(
    "info",
    `${displayName(guest)}: its agent was occupied by ${commandOf(occupied.by)} for ${seconds} s, and answers again`,
  );
}

/** For people: `FSFreeze`, without libvirt's prefix. */
export function commandOf(by: string): string {
  const command = by.replace(/^(?:remote|qemu)Dispatch(?:Domain)?/, "");
  return command === "" ? "another client's command" : `another client's command (${command})`;
}

function limitOf(by: string, { settings }: Context): number {
  const { agent_occupied_limit: limit } = settings;
  return QUERY.test(by) ? Math.min(limit, QUERY_LIMIT) : limit;
}
