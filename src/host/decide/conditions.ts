import type { ConditionKind } from "../../status/conditions.ts";
import type { DriverProblem } from "../driver.ts";
import type { Host, HostsState, Problem, View } from "../state.ts";
import type { Context } from "./context.ts";
import { whyDisarmed, whyNoQuorum, whyUnhealthy } from "./gates.ts";
import { registrationProblems } from "./registration.ts";

/** So many hosts are named in one condition; the others are counted. */
const NAMED = 5;
/** A host that vanished from the source this long ago, ms, counts as removed. */
const FORGET_ABSENT_MS = 86_400_000;

const HELD = "lost hosts are not reported";
const NO_HOSTS: ConditionKind = { name: "watched hosts", consequence: "no lost host is noticed", effect: "blind" };
const FIRST_SIGHT: ConditionKind = { name: "down at first sight", consequence: "these hosts are not reported" };
const SHARED: ConditionKind = { name: "host names", consequence: "these hosts are not reported" };
const ABSENT: ConditionKind = {
  name: "vanished hosts",
  consequence: "if they died and were not removed, their guests stay down",
};

/** Sets what the driver reports as conditions, and clears what it no longer reports. */
export function withDriverProblems(
  state: HostsState,
  problems: readonly DriverProblem[],
  context: Context,
): HostsState {
  const now = new Map(
    problems.map(({ problem, ...condition }) => [`driver: ${condition.name}`, { condition, problem }] as const),
  );
  return withProblems(state, now, (name) => name.startsWith("driver: "), context);
}

/** After each observation: what keeps lost hosts from being reported is a condition, also while no host is lost. */
export function withConditions(state: HostsState, context: Context): HostsState {
  const now = new Map<string, Problem>();
  const add = (condition: ConditionKind, problem: string | undefined): void => {
    if (problem !== undefined) now.set(condition.name, { condition, problem });
  };
  const { view } = state;
  add({ name: "disarmed", consequence: HELD, effect: "disarmed" }, whyDisarmed(state, context.at));
  if (view !== undefined) {
    add(NO_HOSTS, whyNoHosts(view, context));
    add({ name: "quorum", consequence: HELD, effect: "held" }, whyNoQuorum(view));
    add(
      { name: "this host", consequence: HELD, effect: "held" },
      whyUnhealthy(view, context.settings.stonith_wait, context.at),
    );
  }
  const shared = [...state.sharedNames.keys()];
  add(SHARED, problemOf(shared, "Masakari would take them for one another; correct [host] host_names"));
  const troubled = [...state.troubled].flatMap((name) => state.hosts.get(name) ?? []);
  for (const [name, { hosts, reason }] of holdsByGate(troubled)) {
    if (!now.has(name)) add({ name, consequence: HELD, effect: "held" }, `${listOf(hosts)}: ${reason}`);
  }
  add(
    FIRST_SIGHT,
    problemOf(namesOf(troubled.filter(({ firstSight }) => firstSight)), "down since before they were first seen"),
  );
  add(ABSENT, problemOf(namesOf(troubled.filter(isVanished)), "no longer known to the source"));
  for (const { condition, names, problem } of registrationProblems(state)) add(condition, problemOf(names, problem));
  return withProblems(state, now, (name) => !name.startsWith("driver: "), context);
}

/** The gates that hold losses, each with the hosts that it holds and the reason of the first. */
function holdsByGate(
  troubled: readonly Host[],
): ReadonlyMap<string, { readonly hosts: string[]; readonly reason: string }> {
  const gates = new Map<string, { readonly hosts: string[]; readonly reason: string }>();
  for (const { name, loss } of troubled) {
    for (const { gate, reason } of loss?.holds ?? []) {
      const held = gates.get(gate);
      if (held === undefined) gates.set(gate, { hosts: [name], reason });
      else held.hosts.push(name);
    }
  }
  return gates;
}

function withProblems(
  state: HostsState,
  now: ReadonlyMap<string, Problem>,
  isOfThese: (name: string) => boolean,
  context: Context,
): HostsState {
  const before = [...state.problems].filter(([name]) => isOfThese(name));
  const ended = before.filter(([name]) => !now.has(name));
  const changed = [...now].filter(([name, { problem, condition }]) => {
    const previous = state.problems.get(name);
    return previous?.problem !== problem || previous.condition.effect !== condition.effect;
  });
  if (ended.length === 0 && changed.length === 0) return state;
  const problems = new Map(state.problems);
  for (const [name, { condition }] of ended) {
    problems.delete(name);
    context.setCondition(condition, undefined);
    context.log("info", `${condition.name}: no longer a problem`);
  }
  for (const [name, { condition, problem }] of changed) {
    const isNew = !problems.has(name);
    problems.set(name, { condition, problem });
    context.setCondition(condition, problem);
    if (isNew) context.log("warning", `${condition.name}: ${problem}: ${condition.consequence}`);
  }
  return { ...state, problems };
}

function whyNoHosts({ watched, quorum }: View, { settings }: Context): string | undefined {
  if (watched > 0 || quorum !== "yes") return undefined;
  const option = settings.restrict_to_remotes ? " that [host] restrict_to_remotes allows" : "";
  return `the cluster has no other host${option}`;
}

const namesOf = (hosts: readonly Host[]): readonly string[] => hosts.map(({ name }) => name);

function isVanished({ reading, baseline }: Host): boolean {
  return reading?.state === "absent" && baseline === "online";
}

/** Hosts that vanished long ago, or had been down or stopped before, are not watched any more. */
export function isForgotten(host: Host, now: number): boolean {
  const { reading, loss } = host;
  if (reading?.state !== "absent") return false;
  return (host.baseline !== "online" && loss === undefined) || now - reading.since.mono > FORGET_ABSENT_MS;
}

function problemOf(names: readonly string[], problem: string): string | undefined {
  return names.length === 0 ? undefined : `${listOf(names)}: ${problem}`;
}

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
