import type { HostObservation } from "../driver.ts";
import type { Host, HostsState } from "../state.ts";

/** Up to this rank the delay doubles with each, beyond it grows by one delay each. */
const DOUBLING = 4;
/** Every monitor has reported by then, s: before the 180 s are over within which the API refuses a repeat. */
const LONGEST_S = 120;
/** Those beyond it are spread over so many seconds, so that a large cluster does not query the API at once. */
const SPREAD_S = 50;

/**
 * How many other hosts report a loss before this one: every host monitor of the cluster sees it, one notification is enough. By
 * name among the online hosts; those that the source does not list as compute hosts come last.
 */
export function rankOf(lost: Host, { hosts, view }: HostsState): number {
  const self = view?.self.name;
  if (view === undefined || self === undefined) return 0;
  const selfKey = keyOf(self, view.selfKind);
  let rank = 0;
  for (const { name, kind, reading } of hosts.values()) {
    if (name === lost.name || reading?.state !== "online" || reading.stopping) continue;
    if (keyOf(name, kind) < selfKey) rank += 1;
  }
  return rank;
}

/** Each rank waits for those before it; the last ones of a large cluster wait about equally long. Seconds. */
export function delayOf(rank: number, reporterDelay: number): number {
  if (rank === 0) return 0;
  const doubled = 2 ** (Math.min(rank, DOUBLING) - 1);
  const delay = reporterDelay * (doubled + Math.max(0, rank - DOUBLING));
  const longest = Math.max(LONGEST_S, reporterDelay);
  return delay <= longest ? delay : longest + (rank % SPREAD_S);
}

const ORDER: Readonly<Record<HostObservation["kind"], number>> = { member: 0, node: 0, remote: 1, server: 2 };

function keyOf(name: string, kind: HostObservation["kind"]): string {
  return `${ORDER[kind]} ${name}`;
}
