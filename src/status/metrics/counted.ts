import type { Family } from "./family.ts";
import type { Labels, MetricSource, Sample } from "./samples.ts";

/** Conditions of the host monitor that hold the report of a loss. */
export const HELD_BY = [
  "disarmed",
  "quorum",
  "host names",
  "this host",
  "stability",
  "planned work",
  "storm guard",
  "losses per hour",
  "repeat",
  "second witness",
];
const IGNORED = ["no_failure", "repeat", "explained"];
const PROOFS: readonly Labels[] = [
  ...["off", "on", "unknown"].map((result) => ({ method: "bmc", result })),
  { method: "history", result: "off" },
];

/** What the decisions count (`src/monitor/counts.ts`), by the names that they use. */
export const COUNTED: readonly Family[] = [
  {
    name: "libvirt_reconnects_total",
    type: "counter",
    help: "Connections to libvirt after the first one.",
    samples: (source) =>
      isAboutGuests(source) ? [{ value: Math.max(0, total(source, "libvirt_connections") - 1) }] : [],
  },
  {
    name: "agent_ping_duration_seconds",
    type: "histogram",
    help: "How long guest agents took to answer a ping.",
    samples: (source) => countsOf(source, "agent_ping_duration"),
  },
  {
    name: "events_ignored_total",
    type: "counter",
    help: "Events of libvirt that led to no notification: no failure, an equal one notified a moment before, or explained by what was known.",
    samples: (source) =>
      source.identity.program === "instancemonitor"
        ? filled(
            source,
            "events_ignored",
            IGNORED.map((reason) => ({ reason })),
          )
        : [],
  },
  {
    name: "process_restarts_total",
    type: "counter",
    help: "Rounds of restart commands by whether the process was running after them.",
    samples: (source) => countsOf(source, "process_restarts"),
  },
  {
    name: "gate_holds_total",
    type: "counter",
    help: "How often a gate began to hold the report of a lost host.",
    samples: (source) =>
      source.type === "COMPUTE_HOST"
        ? filled(
            source,
            "gate_holds",
            HELD_BY.map((gate) => ({ gate })),
          )
        : [],
  },
  {
    name: "fencing_proof_total",
    type: "counter",
    help: "Results of the checks whether a lost host is off: of its BMC, and of the fencing history where that was proof.",
    samples: (source) => (source.type === "COMPUTE_HOST" ? filled(source, "fencing_proof", PROOFS) : []),
  },
];

const isAboutGuests = ({ type }: MetricSource): boolean => type === "VM";

const countsOf = ({ facts }: MetricSource, name: string): readonly Sample[] =>
  facts.loop.counts.filter(({ counter }) => counter === name);

const total = (source: MetricSource, name: string): number =>
  countsOf(source, name).reduce((sum, { value }) => sum + (typeof value === "number" ? value : 0), 0);

/** With 0 for what has not happened yet: a series that begins with 1 has no increase. */
function filled(source: MetricSource, name: string, expected: readonly Labels[]): readonly Sample[] {
  const found = countsOf(source, name);
  const isSame = (labels: Labels, other: Labels = {}): boolean =>
    Object.entries(labels).every(([key, value]) => other[key] === value);
  return expected.map((labels) => found.find((one) => isSame(labels, one.labels)) ?? { labels, value: 0 });
}
