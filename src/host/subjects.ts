import { ofEach } from "../monitor/kept.ts";
import type { Subject } from "../status/subject.ts";
import type { Host, HostsState } from "./state.ts";

/** The hosts of the cluster, for `list` and `status`. */
export const subjects = ofEach(
  (state: HostsState) => state.hosts,
  (host: Host): Subject => ({
    kind: "host",
    name: host.name,
    phase: phaseOf(host),
    since: host.reading?.since,
    isUnwell: host.loss !== undefined || (host.reading !== undefined && host.reading.state !== "online"),
    proof: host.loss?.proof,
  }),
);

function phaseOf({ loss, reading, baseline, firstSight }: Host): string {
  const planned = [
    reading?.stopping && "stopping",
    reading?.maintenance === "yes" && "in maintenance",
    reading?.standby === "yes" && "on standby",
  ];
  const state = [reading?.state ?? "not seen yet", ...planned].filter(Boolean).join(", ");
  if (loss === undefined) {
    if (firstSight && baseline === "offline") return `${state}; already so when first seen, so it is not reported`;
    return state;
  }
  const [hold] = loss.holds;
  if (loss.withdrawn) return `${state}; it was lost a moment ago`;
  if (loss.sent?.inShadow) return `${state}; would have been reported (${loss.sent.status}): shadow mode`;
  if (loss.sent !== undefined) return `${state}, reported (${loss.sent.status}) by ${loss.sent.by}`;
  if (hold !== undefined)
    return `${state}, lost; held by ${loss.holds.map(({ gate }) => gate).join(", ")}: ${hold.reason}`;
  if (loss.proof === undefined) return `${state}, lost; checking whether it is off`;
  return `${state}, lost; waiting to be reported`;
}
