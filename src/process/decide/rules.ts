import type { Sighting, Stage, SystemdStatus } from "../observation.ts";
import type { EntryIn, EntryState, PhaseName } from "../state.ts";
import type { Context } from "./context.ts";

/** How a command of the entry has ended. */
export interface CommandEnd {
  readonly stage: Stage;
  readonly succeeded: boolean;
  /** One phrase for the log. */
  readonly summary: string;
}

/**
 * What an entry does in one phase, for each observation about it. An observation without a rule changes nothing. Each rule returns
 * the very same entry if nothing has changed.
 */
export interface PhaseRules<Name extends PhaseName> {
  onSighting(entry: EntryIn<Name>, sighting: Sighting, context: Context): EntryState;
  /** The watched process has ended. */
  onExit?(entry: EntryIn<Name>, context: Context): EntryState;
  /** The command that the entry waits for has ended. */
  onCommandEnd?(entry: EntryIn<Name>, end: CommandEnd, context: Context): EntryState;
  /** Undefined if systemd could not be asked. */
  onSystemdStatus?(entry: EntryIn<Name>, status: SystemdStatus | undefined, context: Context): EntryState;
}
