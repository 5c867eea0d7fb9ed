import type { Replayable } from "../../monitor/recording/replay.ts";

/** By which decisions the recording of each program is replayed. */
export const replayables: Readonly<Record<string, () => Promise<Replayable>>> = {
  processmonitor: async () => pure((await import("../../process/decisions.ts")).decisions),
  instancemonitor: async () => pure((await import("../../instance/decisions.ts")).decisions),
  introspectiveinstancemonitor: async () => pure((await import("../../introspective/decisions.ts")).decisions),
  hostmonitor: async () => pure((await import("../../host/decisions.ts")).decisions),
};

/** A recording is of whatever monitor it names: its states and observations have no type until they are decided on. */
function pure(decisions: { readonly decide: unknown; readonly subjects: unknown }): Replayable {
  return decisions as Replayable;
}
