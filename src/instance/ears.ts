import type { Connection } from "../libvirt/connection.ts";
import type { InstanceObservation } from "./observation.ts";

export type Observe = (observation: InstanceObservation) => void;

/** What sensing and acting share. */
export interface Ears {
  /** The connection to ask over; undefined while there is none. */
  connection: Connection | undefined;
  /** How many events have come so far, over all connections. */
  heard: number;
}

export function closedEars(): Ears {
  return { connection: undefined, heard: 0 };
}
