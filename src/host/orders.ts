import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Moment, readOrder, type TimedOrder, writeOrder } from "../system/timed-order.ts";
import type { Orders } from "./observation.ts";

/** Beyond it, nobody remembers. */
export const LONGEST_DISARM_S = 30 * 86_400;
/** A release counts for what was held when it was given, so long as that is still held. */
const RELEASE_S = 365 * 86_400;

const disarmPath = (statePath: string): string => join(statePath, "hostmonitor.disarm.json");
const releasePath = (statePath: string): string => join(statePath, "hostmonitor.release.json");

interface Order {
  readonly reason: string;
  readonly by: string;
}

/** The orders in force of this host's monitor, which are in its state directory. */
export function readOrders(statePath: string, moment: Moment): Orders {
  const disarmed = readOrder(disarmPath(statePath), moment);
  const released = readOrder(releasePath(statePath), moment);
  const isDisarmed = disarmed !== undefined && disarmed.until.mono > moment.now.mono;
  return {
    ...(isDisarmed && { disarmed: { until: disarmed.until, reason: signed(disarmed) } }),
    ...(released && { released: { at: released.since, reason: signed(released) } }),
  };
}

/** For whichever thread runs them. */
export const orderOperations = { readOrders };

/** Nothing is reported for so many seconds. @throws if it cannot be written */
export function disarm(statePath: string, order: Order & { readonly seconds: number }, moment: Moment): void {
  writeOrder(disarmPath(statePath), order, moment);
}

/** Ends a disarm early. @throws if it cannot be removed */
export function arm(statePath: string): void {
  rmSync(disarmPath(statePath), { force: true });
}

/** What the storm guard or the limit per hour holds at this moment may be reported. @throws if it cannot be written */
export function release(statePath: string, order: Order, moment: Moment): void {
  writeOrder(releasePath(statePath), { ...order, seconds: RELEASE_S }, moment);
}

const signed = ({ reason, by }: TimedOrder): string => (by === "" ? reason : `${reason} (${by})`);
