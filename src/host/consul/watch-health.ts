import type { Clock } from "../../system/clock.ts";
import { rest } from "../look-timer.ts";
import type { ConsulAgent, HealthResponse } from "./agent.ts";

export interface WatchParts {
  readonly clock: Clock;
  readonly agent: Pick<ConsulAgent, "nextHealth">;
  /** The servers have another state for a host, or answer again. */
  readonly onChange: () => void;
  /** The servers answered, and do no longer. */
  readonly onInterruption: () => void;
}

/** Between two questions while nothing of hosts has changed, ms: other checks, which may be many, end the wait too. */
const REST_MS = 1000;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [1000, 30_000];

/**
 * Reports each change of a host's state as soon as the servers have it, by Consul's blocking queries, until the signal aborts. What
 * they answer is not a fact for anybody else: it is a reason to look.
 */
export async function watchHealth(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const { clock, agent, onChange, onInterruption } = parts;
  let index = 0;
  let pause = SHORTEST_PAUSE_MS;
  let before: string | undefined;
  let isFirst = true;
  while (!signal.aborted) {
    try {
      const response = await agent.nextHealth(index, signal);
      const now = statesIn(response);
      const hasChanged = now !== before && !isFirst;
      if (hasChanged) onChange();
      // It starts again when the servers' data do; an index from the future would wait for long.
      index = response.index < index ? 0 : response.index;
      [before, isFirst, pause] = [now, false, SHORTEST_PAUSE_MS];
      if (!hasChanged) await rest(clock, REST_MS, signal);
    } catch {
      // Why it does not answer is in what the look finds.
      if (signal.aborted) return;
      if (before !== undefined) onInterruption();
      [before, isFirst, index] = [undefined, false, 0];
      await rest(clock, pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }
}

function statesIn({ health }: HealthResponse): string {
  const states = [...health].map(([name, { serf, modifyIndex, isInMaintenance }]) =>
    JSON.stringify([name, serf, modifyIndex, isInMaintenance]),
  );
  return states.sort((one, other) => (one < other ? -1 : 1)).join();
}
