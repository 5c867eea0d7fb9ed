import type { SubjectOrder } from "../../monitor/subject-order.ts";
import type { ConditionKind } from "../../status/conditions.ts";
import type { Guest } from "../guest.ts";
import type { IntrospectiveState } from "../state.ts";
import { type Context, displayName } from "./context.ts";
import { commandOf } from "./occupied.ts";

/** So many guests are named in one problem; the others are counted. */
const NAMED = 3;

/** What keeps guests from being monitored by their agents: all of them, or single ones. */
const PATTERN: ConditionKind = {
  name: "agent pattern",
  consequence: "no guest is monitored by its agent",
  effect: "blind",
};
const XML: ConditionKind = { name: "guest XML", consequence: "guests are not monitored by their agents" };
const AGENTS: ConditionKind = { name: "guest agents", consequence: "guests that may hang unnoticed" };
const CONDITIONS = [PATTERN, XML, AGENTS];

/** After each observation: what keeps guests from being monitored becomes a condition, and ends as one. */
export function withConditions(state: IntrospectiveState, context: Context): IntrospectiveState {
  // Without a connection nothing new of this is known.
  if (!state.connected) return state;
  const { unmatched, unreadable, unclear } = state.index;
  const isClear = unmatched.size === 0 && unreadable.size === 0 && unclear.size === 0;
  if (isClear && state.problems.size === 0) return state;
  const now = problemsOf(state);
  const changed = CONDITIONS.filter(({ name }) => now.get(name) !== state.problems.get(name));
  if (changed.length === 0) return state;
  for (const condition of changed) {
    context.setCondition(condition, now.get(condition.name));
  }
  const pattern = now.get(PATTERN.name);
  if (pattern !== undefined && !state.problems.has(PATTERN.name))
    context.log("warning", `no guest is monitored: ${pattern}`);
  return { ...state, problems: now };
}

function problemsOf(state: IntrospectiveState): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  const { guests, index } = state;
  const [example] = index.unmatched.take(1).map((uuid) => guests.get(uuid));
  if (index.matched === 0 && example !== undefined) {
    const text = "[introspectiveinstancemonitor] qemu_guest_agent_sock_path matches no channel of any guest, e.g. not";
    problems.set(PATTERN.name, `${text} ${example.unmatched} of ${displayName(example)}`);
  }
  if (index.unreadable.size > 0)
    problems.set(
      XML.name,
      listOf(state, index.unreadable, ({ fault }) => fault),
    );
  if (index.unclear.size > 0) problems.set(AGENTS.name, listOf(state, index.unclear, whyUnclear));
  return problems;
}

function whyUnclear({ occupied, unclear }: Guest): string | undefined {
  return occupied ? `its agent is occupied by ${commandOf(occupied.by)}` : unclear;
}

function listOf({ guests }: IntrospectiveState, uuids: SubjectOrder, problemOf: (guest: Guest) => string | undefined) {
  const items = uuids.take(NAMED).flatMap((uuid) => {
    const guest = guests.get(uuid);
    return guest ? [`${displayName(guest)}: ${problemOf(guest)}`] : [];
  });
  const more = uuids.size - NAMED;
  return items.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
