import type { Clock } from "../system/clock.ts";
import type { ClusterObservation } from "./driver.ts";
import { LookTimer } from "./look-timer.ts";

/**
 * ms after an event. Pacemaker may show up to 0.1 s later what Corosync or an alert reports, a Consul agent as much later what
 * the servers report, and more on a busy host.
 */
const AFTER_EVENT_MS = [100, 200, 400, 800, 1500, 3000];
/** The first pause, ms, while something is not settled; each further one is half as long again, up to the interval. */
const UNSETTLED_MS = 1000;
/**
 * The first pause, ms, while a lost host is being fenced: its end is the proof that a report waits for. Each further one is a tenth longer,
 * so that a fencing that took 10 s is seen at most 1.3 s later.
 */
const FENCING_MS = 300;

/** When to look next: after events soon and a few times, while a host is neither up nor settled often, else at the interval. */
export class LookSchedule {
  readonly #timer: LookTimer;
  readonly #intervalMs: () => number;
  /** The stage of AFTER_EVENT_MS that comes next. */
  #stage = AFTER_EVENT_MS.length;
  #unsettledMs = UNSETTLED_MS;
  #fencingMs = FENCING_MS;
  #lastHosts = "";

  constructor(clock: Clock, intervalMs: () => number) {
    this.#timer = new LookTimer(clock);
    this.#intervalMs = intervalMs;
  }

  /** The source reports a change. */
  event(): void {
    this.#stage = 0;
    this.#timer.lookNow();
  }

  lookNow(): void {
    this.#timer.lookNow();
  }

  /** Resolves when the next look is due, or the signal aborts. */
  async untilNext(last: ClusterObservation, signal: AbortSignal): Promise<void> {
    await this.#timer.untilNext(last.at.mono, () => this.#pauseAfter(last), signal);
  }

  #pauseAfter(last: ClusterObservation): number {
    const interval = this.#intervalMs();
    const hosts = JSON.stringify(last.hosts.map(({ name, state, incarnation }) => [name, state, incarnation]));
    const changed = hosts !== this.#lastHosts;
    this.#lastHosts = hosts;
    const pause = this.#usualPause(last, changed, interval);
    if (changed) this.#fencingMs = FENCING_MS;
    if (!isFencing(last)) return pause;
    this.#fencingMs *= 1.1;
    return Math.min(this.#fencingMs, pause);
  }

  #usualPause(last: ClusterObservation, changed: boolean, interval: number): number {
    const stage = AFTER_EVENT_MS[this.#stage];
    if (stage !== undefined) {
      this.#stage += 1;
      return Math.min(stage, interval);
    }
    if (!isUnsettled(last)) {
      this.#unsettledMs = UNSETTLED_MS;
      return interval;
    }
    this.#unsettledMs = changed ? UNSETTLED_MS : this.#unsettledMs * 1.5;
    return Math.min(this.#unsettledMs, interval);
  }
}

/** Something is about to change: a host joins or leaves, fencing is under way, this host's own part is not settled. */
function isUnsettled(last: ClusterObservation): boolean {
  if (last.self.stable !== "yes" || isFencing(last)) return true;
  return last.hosts.some(({ state, stopping }) => state === "unstable" || stopping === true);
}

/** A lost host is being fenced. */
function isFencing({ hosts, fencing }: ClusterObservation): boolean {
  const pending = new Set(fencing?.filter(({ status }) => status === "pending").map(({ target }) => target));
  return pending.size > 0 && hosts.some(({ name, state }) => state === "offline" && pending.has(name));
}
