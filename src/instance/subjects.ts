import type { Subject } from "../status/subject.ts";
import type { InstanceState } from "./state.ts";

/** The guests of this host, for whoever asks what is watched and how it is. */
export function subjectsOf({ guests }: InstanceState): readonly Subject[] {
  return [...guests]
    .filter(([, { gone }]) => !gone)
    .map(([id, { name, state, reason, incoming }]): Subject => {
      const phase = `${state.toLowerCase()} (${reason.toLowerCase()})${incoming ? ", being migrated to this host" : ""}`;
      return { kind: "guest", name, id, phase };
    });
}
