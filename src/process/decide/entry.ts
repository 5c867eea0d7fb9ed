import type { Sighting, SystemdStatus } from "../observation.ts";
import type { EntryIn, EntryState, PhaseName } from "../state.ts";
import { asking } from "./asking.ts";
import { cleared } from "./cleared.ts";
import type { Context } from "./context.ts";
import { failed } from "./failed.ts";
import { postponed } from "./postponed.ts";
import { restarting } from "./restarting.ts";
import type { CommandEnd, PhaseRules } from "./rules.ts";
import { settling } from "./settling.ts";
import { settlingAgain } from "./settling-again.ts";
import { starting } from "./starting.ts";
import { unchecked } from "./unchecked.ts";
import { up } from "./up.ts";
import { verifying } from "./verifying.ts";
import { waiting } from "./waiting.ts";

const PHASES: { readonly [Name in PhaseName]: PhaseRules<Name> } = {
  unchecked,
  starting,
  up,
  settling,
  asking,
  postponed,
  settlingAgain,
  cleared,
  restarting,
  verifying,
  waiting,
  failed,
};

/** Looked for, and found or not. */
export function onSighting(entry: EntryState, sighting: Sighting, context: Context): EntryState {
  return rulesOf(entry).onSighting(entry, sighting, context);
}

export function onExit(entry: EntryState, context: Context): EntryState {
  return rulesOf(entry).onExit?.(entry, context) ?? entry;
}

export function onCommandEnd(entry: EntryState, end: CommandEnd, context: Context): EntryState {
  return rulesOf(entry).onCommandEnd?.(entry, end, context) ?? entry;
}

export function onSystemdStatus(entry: EntryState, status: SystemdStatus | undefined, context: Context): EntryState {
  return rulesOf(entry).onSystemdStatus?.(entry, status, context) ?? entry;
}

function rulesOf<Name extends PhaseName>(entry: EntryIn<Name>): PhaseRules<Name> {
  return PHASES[entry.phase.name as Name];
}
