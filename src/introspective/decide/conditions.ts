import type { ConditionKind } from "../../status/conditions.ts";
import type { Guest, IntrospectiveState } from "../state.ts";
import { commandOf } from "./occupied.ts";
import { called, say, type Turn } from "./turn.ts";

/** So many guests are named in one problem; the others are counted. */
const NAMED = 3;

/** What keeps guests from being watched by their agents: all of them, or single ones. */
const PATTERN: ConditionKind = { name: "agent pattern", consequence: "no guest is watched by its agent" };
const XML: ConditionKind = { name: "guest XML", consequence: "guests are not watched by their agents" };
const AGENTS: ConditionKind = { name: "guest agents", consequence: "guests that may hang unnoticed" };
const CONDITIONS = [PATTERN, XML, AGENTS];

/** After each observation: what keeps guests from being watched becomes a condition, and ends as one. */
export function withConditions(state: IntrospectiveState, turn: Turn): IntrospectiveState {
  // Without a connection nothing of this is known any more than before.
  if (!state.connected) return state;
  const now = problemsOf(state);
  const changed = CONDITIONS.filter(({ name }) => now.get(name) !== state.problems.get(name));
  if (changed.length === 0) return state;
  for (const condition of changed) {
    turn.effects.push({ kind: "setCondition", condition, problem: now.get(condition.name) });
  }
  const pattern = now.get(PATTERN.name);
  if (pattern !== undefined && !state.problems.has(PATTERN.name))
    say(turn, "warning", `no guest is watched: ${pattern}`);
  return { ...state, problems: now };
}

function problemsOf(state: IntrospectiveState): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
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
    problems.set(PATTERN.name, `${text} ${example.unmatched} of ${called(example)}`);
  }
  if (faulty.length > 0) problems.set(XML.name, listOf(faulty));
  if (unnoticed.length > 0) problems.set(AGENTS.name, listOf(unnoticed));
  return problems;
}

function listOf(items: readonly string[]): string {
  const more = items.length - NAMED;
  return items.slice(0, NAMED).join("; ") + (more > 0 ? `; and ${more} more` : "");
}
