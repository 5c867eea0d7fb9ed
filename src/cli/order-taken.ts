import { setTimeout as sleep } from "node:timers/promises";
import { type HealthOutcome, type ReceivedReport, requestHealth } from "../status/client.ts";
import { healthSocket } from "../status/socket-path.ts";

/** Where the monitor that an order is for runs, if it runs. */
export interface OrderedMonitor {
  readonly statePath: string;
  /** E.g. `hostmonitor`. */
  readonly program: string;
}

/** The host monitor reads its orders every 2 s, and may be busy. */
const LIMIT_MS = 10_000;
const REQUEST_MS = 2000;
const POLL_MS = 250;

/** What there is to say about an order that was written: nothing if the monitor shows that it has taken it. */
export type Outcome =
  | { readonly kind: "taken" }
  /** It will count, or it cannot be known. */
  | { readonly kind: "unknown"; readonly note: string }
  | { readonly kind: "not taken"; readonly problem: string };

/**
 * Waits until the monitor that runs shows that it has taken an order which was written to its state directory: with another
 * configuration it may look elsewhere, or hang, and hosts would be evacuated in the middle of planned work. Never throws.
 */
export async function orderTaken(
  { statePath, program }: OrderedMonitor,
  isTaken: (report: ReceivedReport) => boolean,
  limitMs = LIMIT_MS,
): Promise<Outcome> {
  const path = healthSocket(statePath, program);
  const until = performance.now() + limitMs;
  for (;;) {
    const outcome = await requestHealth(path, REQUEST_MS);
    if (outcome.kind === "responded" && isTaken(outcome.report)) return { kind: "taken" };
    const final = withoutReport(outcome, program, statePath);
    if (final !== undefined) return final;
    if (performance.now() > until) {
      const why =
        "reason" in outcome ? outcome.reason : "report" in outcome ? `it is pid ${outcome.report.pid}` : outcome.kind;
      const problem = `it is saved, but the ${program} that is running has not taken it within ${limitMs / 1000} s (${why}); see \`masakari-monitors status ${program}\``;
      return { kind: "not taken", problem };
    }
    await sleep(POLL_MS);
  }
}

/** The outcomes that waiting does not change. */
function withoutReport(outcome: HealthOutcome, program: string, statePath: string): Outcome | undefined {
  if (outcome.kind === "not running") {
    const note = `No ${program} is running with the state directory ${statePath}: this takes effect when one starts. If one is running with another configuration file, give that one with --config-file`;
    return { kind: "unknown", note };
  }
  if (outcome.kind === "not allowed") {
    return {
      kind: "unknown",
      note: `Whether the ${program} that is running has taken it is not known: ${outcome.reason}`,
    };
  }
  return undefined;
}

/** The problem of a condition in a report; undefined if there is none. */
export function conditionIn({ conditions }: ReceivedReport, name: string): string | undefined {
  return conditions?.[name]?.problem ?? undefined;
}
