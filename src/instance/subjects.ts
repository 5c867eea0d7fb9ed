import type { Subject } from "../status/subject.ts";
import type { Guest } from "./state.ts";

/** A guest of this host, for `list`: what is watched, and its state. */
export function subjectOf({ name, state, reason, incoming, gone }: Guest, id: string): Subject | undefined {
  if (gone) return undefined;
  const phase = `${state.toLowerCase()} (${reason.toLowerCase()})${incoming ? ", being migrated to this host" : ""}`;
  return { kind: "guest", name, id, phase };
}
