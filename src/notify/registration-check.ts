import { HttpStatusError } from "../openstack/errors.ts";
import { MS_PER_REQUEST, type SegmentHost, type SegmentHosts } from "../openstack/segment-hosts.ts";
import type { ConditionKind, Conditions } from "../status/conditions.ts";
import type { Clock } from "../system/clock.ts";
import { withJitter } from "../system/jitter.ts";
import type { Logger } from "../system/log.ts";
import { CLOCK, clockProblem, REGISTRATION, registrationOf } from "./registration.ts";

const READABLE: ConditionKind = {
  name: "segment check",
  consequence: "it is not known whether Masakari would accept notifications about this host",
};
const RETRY_MS = 60_000;

export interface RegistrationCheckParts {
  /** The name that is sent for this host. Undefined: nothing is sent about it, and only the clock is checked. */
  readonly hostname: string | undefined;
  readonly segmentHosts: SegmentHosts;
  /** How far this host's clock is ahead of the API's, ms; undefined if not known. */
  readonly clockOffsetMs: () => number | undefined;
  /** `[DEFAULT] masakari_check_interval`, ms; 0: no check. */
  readonly intervalMs: () => number;
  /** Where what is found about this host goes. */
  readonly hostConditions: Conditions;
  /** Where the rest goes. */
  readonly conditions: Conditions;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for tests. */
  readonly random?: () => number;
}

/**
 * Checks beforehand whether Masakari would act on a notification about this host: it is in a segment, by the name that is sent,
 * the segment is enabled, the host is not on maintenance (where a recovery leaves it), and the clocks agree. Only reads.
 */
export class RegistrationCheck {
  readonly #parts: RegistrationCheckParts;
  readonly #logged = new Map<string, string>();

  constructor(parts: RegistrationCheckParts) {
    this.#parts = parts;
  }

  /** At the start and at the interval, until the signal aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs, segmentHosts, random = Math.random } = this.#parts;
    while (!signal.aborted) {
      const before = segmentHosts.requests;
      const interval = intervalMs();
      const succeeded = interval === 0 || (await this.#check(interval, signal));
      if (interval === 0) this.#clear();
      const paced = Math.max(interval || RETRY_MS, (segmentHosts.requests - before) * MS_PER_REQUEST);
      const wait = succeeded ? paced : Math.min(paced, RETRY_MS);
      await clock.sleep(withJitter(wait, random), signal).catch(() => undefined);
    }
  }

  async #check(intervalMs: number, signal: AbortSignal): Promise<boolean> {
    const { hostname, hostConditions } = this.#parts;
    try {
      if (hostname !== undefined) this.#compare(hostname, await this.#segmentHosts(hostname, intervalMs, signal));
    } catch (error) {
      if (signal.aborted) return false;
      // That the API does not answer is a problem of its own.
      const reason = error instanceof HttpStatusError && error.status < 500 ? error.message : undefined;
      this.#set(hostConditions, READABLE, reason);
      return false;
    }
    this.#compareClocks();
    return true;
  }

  /** The host monitor of the same process may have just read them. */
  async #segmentHosts(
    hostname: string,
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, SegmentHost>> {
    const { segmentHosts, clock } = this.#parts;
    const { readAt, known } = segmentHosts;
    const isFresh = readAt !== undefined && clock.now().mono - readAt < intervalMs;
    return isFresh && known.has(hostname) ? known : await segmentHosts.read([hostname], signal);
  }

  #compare(hostname: string, hosts: ReadonlyMap<string, SegmentHost>): void {
    const { hostConditions } = this.#parts;
    this.#set(hostConditions, READABLE, undefined);
    for (const { kind, defect } of registrationOf(hostname, hosts)) this.#set(hostConditions, kind, defect?.text);
  }

  #compareClocks(): void {
    const { clockOffsetMs, conditions } = this.#parts;
    const offset = clockOffsetMs();
    if (offset === undefined) return;
    this.#set(conditions, CLOCK, clockProblem(offset));
  }

  #clear(): void {
    const { hostConditions, conditions } = this.#parts;
    for (const kind of [READABLE, ...REGISTRATION]) {
      if (hostConditions.all.has(kind.name)) hostConditions.set(kind, undefined);
    }
    if (conditions.all.has(CLOCK.name)) conditions.set(CLOCK, undefined);
  }

  #set(conditions: Conditions, kind: ConditionKind, problem: string | undefined): void {
    const { log } = this.#parts;
    conditions.set(kind, problem);
    const before = this.#logged.get(kind.name);
    if (problem === undefined) {
      this.#logged.delete(kind.name);
      if (before !== undefined) log.info(`${kind.name}: no longer a problem`);
      return;
    }
    this.#logged.set(kind.name, problem);
    // The seconds of a clock change at each check.
    if (before === undefined) log.warning(`${kind.name}: ${problem}: ${kind.consequence}`);
  }
}
