import type { Keep, Saved } from "../../src/monitor/kept.ts";

/** What the next run of a monitor finds of this state. */
export function savedOf<State>(kept: Keep<State>, state: State): Saved {
  const rest: unknown = JSON.parse(JSON.stringify(kept.rest(state)));
  const maps: Record<string, Map<string, unknown>> = {};
  for (const [name, { map, each }] of Object.entries(kept.maps ?? {})) {
    const rows = [...map(state)].map(([subject, value]) => [subject, each(value, subject)] as const);
    const present = rows.filter(([, row]) => row !== undefined);
    maps[name] = new Map(present.map(([subject, row]) => [subject, JSON.parse(JSON.stringify(row))]));
  }
  return { rest, maps };
}
