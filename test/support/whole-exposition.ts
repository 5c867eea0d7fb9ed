import { exposition } from "../../src/status/metrics/exposition.ts";
import type { MetricSource } from "../../src/status/metrics/samples.ts";
import { Histogram } from "../../src/system/histogram.ts";
import { factsWith, NOW } from "./health-facts.ts";
import { metricSource } from "./metric-source.ts";

const condition = (problem: string | undefined) => {
  return { problem, consequence: "c", severity: "degraded" as const, since: { wall: 0, mono: NOW - 60_000 } };
};
const subject = (kind: string, name: string, phase: string) => {
  return { kind, name, phase, since: { wall: 0, mono: 0 }, lastEvent: undefined };
};
const durations = (...ms: readonly number[]) => {
  const histogram = new Histogram();
  for (const one of ms) histogram.record(one);
  return histogram.counts;
};

const counts = [
  { counter: "libvirt_connections", labels: {}, value: 3 },
  { counter: "events_ignored", labels: { reason: "repeat" }, value: 7 },
  { counter: "agent_ping_duration", labels: {}, value: durations(20, 300) },
  { counter: "process_restarts", labels: { process: "web", result: "failed" }, value: 1 },
];
const subjects = [
  subject("process", "web", "down, postponed"),
  subject("guest", "instance-1", "running (booted)"),
  subject("host", "node2", "offline, lost"),
];
const conditions = new Map([
  ["libvirt", condition("away")],
  ["host maintenance", condition("on maintenance")],
  ["segment disabled", condition(undefined)],
  ["host segment", condition(undefined)],
  ["storm guard", condition("3 hosts")],
]);

/** Text of the four monitors in the state in which each metric has a value, as the monitors make it. @param wall now, ms since the epoch */
export function wholeExposition(wall: number): string {
  const now = { wall, mono: NOW };
  const ms = { deliveryLatency: durations(40), acceptanceLatency: durations(50) };
  const outbox = { pending: 2, oldestPending: NOW - 60_000, counters: { delivered: 3, expired: 1 }, ...ms };
  const loop = { counts, decisionLatency: durations(3) };
  const facts = factsWith({ conditions, outbox, loop });
  const codes = new Map([
    ["202", 3],
    ["error", 1],
  ]);
  const requests = new Map([["masakari", { codes, durations: durations(40), lastSuccess: wall - 1000 }]]);
  const of = (program: string, type: string): MetricSource =>
    metricSource(
      {},
      {
        ...{ identity: { program, version: "1.2.3", started: { wall: 0, mono: NOW } }, type, now, unknownOptions: 1 },
        facts: { ...facts, subjects, requests },
        armed: { state: "held", reason: "quorum", since: NOW - 1000 },
      },
    );
  return exposition([
    of("processmonitor", "PROCESS"),
    of("instancemonitor", "VM"),
    of("introspectiveinstancemonitor", "VM"),
    of("hostmonitor", "COMPUTE_HOST"),
  ]);
}
