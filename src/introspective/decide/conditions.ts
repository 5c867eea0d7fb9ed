import type { ConditionName } from "../../status/conditions.ts";
import type { Guest, IntrospectiveState } from "../state.ts";
import { commandOf } from "./occupied.ts";
import { called, say, type Turn } from "./turn.ts";

/** So many guests are named in one problem; the others are counted. */
const NAMED = 3;

/** After each observation: what keeps guests from being watched becomes a condition, and ends as one. */
export function withConditions(state: IntrospectiveState, turn: Turn): IntrospectiveState {
  // Without a connection nothing of this is known any more than before.
  if (!state.connected) return state;
  const now = problemsOf(state);
  const changed = [...new Set([...now.keys(), ...state.problems.keys()])].filter(
    (name) => now.get(name) !== state.problems.get(name),
  );
  if (changed.length === 0) return state;
  for (const name of changed) turn.effects.push({ kind: "setCondition", name, problem: now.get(name) });
  const pattern = now.get("agent pattern");
  if (pattern !== undefined && !state.problems.has("agent pattern"))
    say(turn, "warning", `no guest is watched: ${pattern}`);
  return { ...state, problems: now };
}

function problemsOf(state: IntrospectiveState): ReadonlyMap<ConditionName, string> {
  const problems = new Map<ConditionName, string>();
  const unmatched: Guest[] = [];
  const faulty: string[] = [];
  const unnoticed: string[] = [];
  let matched = 0;
  for (const guest of state.guests.values()) {
    if (guest.agent !== "none" && guest.agent !== "unknown") matched += 1;
    if (guest.unmatched !== undefined) unmatched.push(guest);
    if (guest.fault !== undefined) faulty.push(`${called(guest)}: ${guest.fault}`);
    if (guest.occupied) unnoticed.push(`${called(guest)}: its agent is occupied by ${commandOf(guest.occupied.by)}`);
    else if (guest.unclear !== undefined) unnoticed.push(`${called(guest)}: ${guest.unclear}`);
  }
  const [example] = unmatched;
  if (matched === 0 && example !== undefined) {
    const text = "[introspectiveinstancemonitor] qemu_guest_agent_sock_path matches no channel of any guest, e.g. not";
    problems.set("agent pattern", `${text} ${example.unmatched} of ${called(example)}`);
  }
  if (faulty.length > 0) problems.set("guest XML", listOf(faulty));
  if (unnoticed.length > 0) problems.set("guest agents", listOf(unnoticed));
  return problems;
}

function listOf(items: readonly string[]): string {
  const more = items.length - NAMED;
  return items.slice(0, NAMED).join("; ") + (more > 0 ? `; and ${more} more` : "");
}
