import type { HostObservation } from "../driver.ts";
import type { HostSettings } from "../observation.ts";
import type { Streak } from "../state.ts";

/** After a gap, what the first look states must hold for so long, ms: a source that comes back may be wrong for a moment. */
export const CONFIRM_MS = 1000;
/** A source's event leads to a look at once; looks closer together than this part of the interval are one sample. */
const SPACING = 0.9;

export interface Sampled {
  readonly observed: HostObservation;
  /** When the look began, mono ms. */
  readonly at: number;
  /** The first trusted look after a gap. */
  readonly afterGap: boolean;
}

/**
 * The streak of a host after one more trusted look. "unknown" is no sample and ends nothing; what is neither up nor down ends it.
 * Returns the very same streak once it is established.
 */
export function nextStreak(
  before: Streak | undefined,
  { observed, at, afterGap }: Sampled,
  settings: HostSettings,
): Streak | undefined {
  const earlier = afterGap ? undefined : before;
  const { state } = observed;
  if (state === "unknown") return earlier;
  if ((state !== "online" && state !== "offline") || observed.stopping) return undefined;
  const positions = (observed.positions ?? []).map(({ name, state }) => `${name}=${state}`).join(" ");
  if (earlier === undefined || earlier.state !== state || earlier.positions !== positions) {
    return { state, positions, samples: 1, began: at, counted: at, afterGap, unconfirmed: afterGap };
  }
  if (isEstablished(earlier, settings)) return earlier;
  const unconfirmed = earlier.unconfirmed && at - earlier.began < CONFIRM_MS;
  if (at - earlier.counted < settings.monitoring_interval * 1000 * SPACING) return { ...earlier, unconfirmed };
  return { ...earlier, unconfirmed, samples: earlier.samples + 1, counted: at };
}

/** Whether it has held for long enough to be believed. */
export function isEstablished(streak: Streak, { monitoring_samples }: HostSettings): boolean {
  return streak.samples >= monitoring_samples && !streak.unconfirmed;
}
