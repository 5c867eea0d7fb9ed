import type { Decision, Monitor } from "../../src/monitor/contract.ts";
import { generatedTime } from "../../src/notify/notification.ts";
import type { Instant } from "../../src/system/clock.ts";

export interface Seen {
  readonly name: string;
  readonly up: boolean;
  readonly at: Instant;
}

/** What is known to be down, and how many failures were notified: the count makes each generated_time the only one. */
export interface FlappingState {
  readonly down: readonly string[];
  readonly notified: number;
}

/** Where the simulated processes are looked at. */
export interface ProcessWorld {
  /** Resolves when they can be looked at; rejects as soon as the signal aborts. */
  opened(signal: AbortSignal): Promise<void>;
  /** Goes on when what it gave last has been observed. */
  look(): Iterable<Seen>;
  /** Calls `changed` at each change until the signal aborts. */
  watch(changed: (seen: Seen) => void, signal: AbortSignal): void;
}

function decide(state: FlappingState, observation: Seen | "looked"): Decision<FlappingState, never> {
  if (observation === "looked") return { state, effects: [{ kind: "caughtUp" }] };
  const { name, up, at } = observation;
  const wasDown = state.down.includes(name);
  if (up === !wasDown) return { state, effects: [] };
  if (up) {
    return {
      state: { ...state, down: state.down.filter((other) => other !== name) },
      effects: [{ kind: "supersede", subject: name, reason: "it runs again" }],
    };
  }
  const micro = String(state.notified % 1000).padStart(3, "0");
  const milli = generatedTime(at.wall).padEnd(26, ".000000").slice(0, 23);
  return {
    state: { down: [...state.down, name], notified: state.notified + 1 },
    effects: [
      {
        kind: "notify",
        subject: name,
        notification: {
          type: "PROCESS",
          hostname: "host-1",
          generated_time: `${milli}${micro}`,
          payload: { event: "STOPPED", process_name: name },
        },
      },
    ],
  };
}

/** The least monitor there can be: what is down is notified, what is up takes back what was not delivered yet. */
export function flappingMonitor(world: ProcessWorld): Monitor<FlappingState, Seen | "looked", never> {
  return {
    name: "flapping",
    initial: { down: [], notified: 0 },
    restore: ({ rest }) => rest as FlappingState,
    decide,
    async sense(observe, signal) {
      const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      await world.opened(signal).catch(() => undefined);
      if (signal.aborted) return;
      world.watch(observe, signal);
      for (const seen of world.look()) observe(seen);
      observe("looked");
      await ended;
    },
    act: () => Promise.resolve(),
  };
}
