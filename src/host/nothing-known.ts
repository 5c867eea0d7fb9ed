import type { ClusterObservation } from "./driver.ts";

/** A look that learned nothing. @param reason why this host's own part of the source is not known to work */
export function nothingKnown(reason: string): Omit<ClusterObservation, "at" | "interrupted" | "problems"> {
  return {
    kind: "cluster",
    self: { name: undefined, stable: "unknown", reason },
    quorum: "unknown",
    heartbeat: "unknown",
    complete: false,
    hosts: [],
    maintenance: { cluster: "unknown" },
    fencing: undefined,
  };
}
