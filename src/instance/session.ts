import type { Connection } from "../libvirt/mod.ts";
import type { InstanceObservation } from "./observation.ts";

export type Observe = (observation: InstanceObservation) => void;

/** What sensing and acting share. */
export interface Session {
  /** The connection to ask over; undefined while there is none. */
  connection: Connection | undefined;
  /** How many events have arrived so far, over all connections. */
  eventCount: number;
}

export function noSession(): Session {
  return { connection: undefined, eventCount: 0 };
}
