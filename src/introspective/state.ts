import type { SubjectOrder } from "../monitor/subject-order.ts";
import type { Guest, ShortTimeout } from "./guest.ts";
import { emptyIndex, type GuestIndex } from "./guest-index.ts";
import type { IntrospectiveSettings } from "./observation.ts";

export interface IntrospectiveState {
  /** The boot of this host that the guests are of; empty if not known. */
  readonly bootId: string;
  /** Undefined until the first `started`. */
  readonly settings: IntrospectiveSettings | undefined;
  readonly connected: boolean;
  /** Reported guests of which it is to be found out, since the last survey, whether that is still true. */
  readonly inDoubt: SubjectOrder | undefined;
  readonly guests: ReadonlyMap<string, Guest>;
  /** Follows from `guests`, `reports` and `shortTimeouts`: `state-changes.ts` keeps it so. */
  readonly index: GuestIndex;
  /** When guests were reported, by uuid, mono; kept for `report_window` if reports are limited. */
  readonly reports: ReadonlyMap<string, readonly number[]>;
  /** By uuid; whatever becomes of the guest. */
  readonly shortTimeouts: ReadonlyMap<string, ShortTimeout>;
  /** libvirt refuses to set response time-outs, and that is in the log. */
  readonly timeoutsRefused: boolean;
  /** Pings, examinations and the like so far: distinguishes the end of one from that of an earlier one. */
  readonly runs: number;
  /** The wake that is set, mono. */
  readonly wakeAt: number | undefined;
  /** libvirt denies agent commands, and that is in the log. */
  readonly denied: boolean;
  /** What was last found wrong, by condition. */
  readonly problems: ReadonlyMap<string, string>;
}

export const initialState: IntrospectiveState = {
  bootId: "",
  settings: undefined,
  connected: false,
  inDoubt: undefined,
  guests: new Map(),
  index: emptyIndex,
  reports: new Map(),
  shortTimeouts: new Map(),
  timeoutsRefused: false,
  runs: 0,
  wakeAt: undefined,
  denied: false,
  problems: new Map(),
};
