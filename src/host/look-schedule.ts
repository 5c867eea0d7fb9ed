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

/** When to look next: after events soon and a few times, while a host is neither up nor settled often, else at the interval. */
export class LookSchedule {
  readonly #timer: LookTimer;
  readonly #intervalMs: () => number;
  /** The stage of AFTER_EVENT_MS that comes next. */
  #stage = AFTER_EVENT_MS.length;
  #unsettledMs = UNSETTLED_MS;
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
function isUnsettled({ self, hosts, fencing }: ClusterObservation): boolean {
  if (self.stable !== "yes") return true;
  const isPending = (host: string): boolean =>
    fencing?.some(({ target, status }) => target === host && status === "pending") ?? false;
  return hosts.some(
    ({ name, state, stopping }) =>
      state === "unstable" || stopping === true || (state === "offline" && isPending(name)),
  );
}
