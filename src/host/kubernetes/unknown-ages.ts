import type { Node } from "./nodes.ts";

/**
 * Just after contact was interrupted, Unknown has to last so many times as long: kubelets that were cut off with this monitor
 * return one by one (seen: up to 10 s later), and one that still holds a dead connection needs longest.
 */
const AFTER_GAP = 4;

export interface ListTimes {
  /** mono ms when the list began. */
  readonly at: number;
  /** The server's clock then, ms since the epoch; undefined if it did not state it. */
  readonly serverTime: number | undefined;
  /** mono ms since when contact has lasted. */
  readonly contactSince: number;
  /** `[kubernetes] unknown_duration`, ms. */
  readonly requiredMs: number;
}

interface Sighting {
  /** `lastTransitionTime`: when it differs it is another Unknown. */
  readonly since: string;
  /** mono ms of the first list that had it. */
  readonly seenAt: number;
  readonly requiredMs: number;
}

/** For how long each node has been Unknown without a break. */
export class UnknownAges {
  #sightings: ReadonlyMap<string, Sighting> = new Map();
  #times: ListTimes | undefined;

  update(nodes: readonly Node[], times: ListTimes): void {
    const { at, contactSince, requiredMs } = times;
    const next = new Map<string, Sighting>();
    for (const { name, ready } of nodes) {
      if (ready?.status !== "Unknown") continue;
      const before = this.#sightings.get(name);
      const isAfterGap = at - contactSince < requiredMs * AFTER_GAP;
      const sighting = { since: ready.since, seenAt: at, requiredMs: requiredMs * (isAfterGap ? AFTER_GAP : 1) };
      next.set(name, before?.since === ready.since ? before : sighting);
    }
    this.#sightings = next;
    this.#times = times;
  }

  /**
   * ms for which the node has been Unknown: by the server's clock, but no longer than this monitor has seen it, as the clock that
   * wrote `lastTransitionTime` may be another and wrong.
   */
  ageOf({ name, ready }: Node): number {
    const sighting = this.#sightings.get(name);
    if (sighting === undefined || this.#times === undefined) return 0;
    const seenFor = this.#times.at - sighting.seenAt;
    const stated = (this.#times.serverTime ?? Number.NaN) - Date.parse(ready?.since ?? "");
    return stated >= 0 ? Math.min(stated, seenFor) : seenFor;
  }

  /** ms that this Unknown has to last before it is believed. */
  requiredFor({ name }: Node): number {
    return this.#sightings.get(name)?.requiredMs ?? 0;
  }

  /** ms after which the next Unknown is due to be believed; undefined if none is. */
  dueInMs(nodes: readonly Node[]): number | undefined {
    const left = nodes
      .filter(({ ready }) => ready?.status === "Unknown")
      .map((node) => this.requiredFor(node) - this.ageOf(node))
      .filter((ms) => ms > 0);
    return left.length === 0 ? undefined : Math.min(...left);
  }
}
