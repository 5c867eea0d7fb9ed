import type { MetricSource } from "../../src/status/metrics/samples.ts";
import { type ChangedFacts, factsWith, NOW } from "./health-facts.ts";

const now = { wall: Date.UTC(2026, 10, 28, 12), mono: NOW };

/** What the metrics of a monitor that has run for an hour are made of. */
export function metricSource(changes: ChangedFacts = {}, more: Partial<MetricSource> = {}): MetricSource {
  const identity = { program: "processmonitor", version: "1.2.3", started: { wall: 0, mono: NOW - 3_600_000 } };
  const armed = { state: "armed", reason: undefined, since: NOW } as const;
  return { identity, type: "PROCESS", facts: factsWith(changes), armed, unknownOptions: 0, now, ...more };
}
