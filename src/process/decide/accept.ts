import type { Instant } from "../../system/clock.ts";
import type { ProcessIdentity } from "../../system/proc-table.ts";
import type { Sighting } from "../observation.ts";
import { ageAt, beganAfter } from "../started-at.ts";
import type { EntryState } from "../state.ts";

/** Which processes that only contain the entry's name are accepted as its process. */
export interface PartialAccepted {
  /** Any, as long as the program itself has not been found since the monitor started. */
  readonly first?: boolean;
  /** One that began after this: what has replaced the program, e.g. its next version. */
  readonly since?: Instant;
  /** Of these, only one that has lived so long. ms. */
  readonly lasting?: number;
}

/**
 * The process that is accepted as the entry's, or undefined. A partial match is always accepted for an entry that is running as
 * one; else only as `accepted` allows, because a helper with the name in its command line must not hide the death of the program.
 */
export function acceptProcess(
  { foundAs }: EntryState,
  sighting: Sighting,
  { mono }: Instant,
  { first = false, since, lasting = 0 }: PartialAccepted = {},
): ProcessIdentity | undefined {
  if (sighting.whole) return sighting.whole;
  return sighting.partials?.find((partial) => {
    if (foundAs === "partial") return true;
    const isNew = since !== undefined && beganAfter(partial, since.mono);
    return (isNew || (first && foundAs === "nothing")) && ageAt(partial, mono) >= lasting;
  });
}
