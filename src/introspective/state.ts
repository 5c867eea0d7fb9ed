import { type CommonState, initialCommonState } from "../monitor/decision.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import type { SubjectOrder } from "../monitor/subject-order.ts";
import type { Guest, ShortTimeout } from "./guest.ts";
import { emptyIndex, type GuestIndex } from "./guest-index.ts";
import type { IntrospectiveSettings } from "./observation.ts";

export interface IntrospectiveState extends CommonState<IntrospectiveSettings> {
  readonly connected: boolean;
  /** Reported guests of which it is to be found out, since the last survey, whether that is still true. */
  readonly inDoubt: SubjectOrder | undefined;
  readonly guests: SubjectMap<Guest>;
  /** Follows from `guests`, `reports` and `shortTimeouts`: `state-changes.ts` keeps it so. */
  readonly index: GuestIndex;
  /** When guests were reported, by uuid, mono; kept for `report_window` if reports are limited. */
  readonly reports: SubjectMap<readonly number[]>;
  /** By uuid; whatever becomes of the guest. */
  readonly shortTimeouts: SubjectMap<ShortTimeout>;
  /** libvirt refuses to set response time-outs, and that is in the log. */
  readonly timeoutsRefused: boolean;
  /** The wake that is set, mono. */
  readonly wakeAt: number | undefined;
  /** libvirt denies agent commands, and that is in the log. */
  readonly denied: boolean;
  /** What was last found wrong, by condition. */
  readonly problems: ReadonlyMap<string, string>;
}

export const initialState: IntrospectiveState = {
  ...initialCommonState,
  connected: false,
  inDoubt: undefined,
  guests: new SubjectMap(),
  index: emptyIndex,
  reports: new SubjectMap(),
  shortTimeouts: new SubjectMap(),
  timeoutsRefused: false,
  wakeAt: undefined,
  denied: false,
  problems: new Map(),
};
