import type { Subject } from "../status/subject.ts";
import type { Guest } from "./state.ts";

/** libvirt's reasons of a pause that nobody has asked for. */
const FAULTS: ReadonlySet<string> = new Set(["IOERROR", "WATCHDOG", "CRASHED", "API_ERROR", "POSTCOPY_FAILED"]);

const isUnwell = ({ state, reason }: Pick<Guest, "state" | "reason">): boolean =>
  state === "CRASHED" || (state === "PAUSED" && FAULTS.has(reason));

/** A guest of this host, for `list`: what is watched, and its state. */
export function subjectOf(guest: Guest, id: string): Subject | undefined {
  const { name, state, reason, incoming, gone } = guest;
  if (gone) return undefined;
  const phase = `${state.toLowerCase()} (${reason.toLowerCase()})${incoming ? ", being migrated to this host" : ""}`;
  return { kind: "guest", name, id, phase, isUnwell: isUnwell(guest) };
}
