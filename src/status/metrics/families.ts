import { ARMED_STATES } from "../armed.ts";
import { judge } from "../verdict.ts";
import { COUNTED, HELD_BY } from "./counted.ts";
import type { Family } from "./family.ts";
import { byPhase, counted, flag, ofCondition, ofKind, one, stateOf, states, time } from "./samples.ts";

const VERDICTS = ["ok", "degraded", "failing"];
/** How a notification may end: `failed` and `attempts` are not among them. */
const OUTCOMES = ["delivered", "superseded", "expired", "rejected", "overflowed", "dropped", "shadowed"];
/** All metrics. A value that is not known is left out, not 0. */
export const FAMILIES: readonly Family[] = [
  {
    name: "build_info",
    type: "gauge",
    help: "1; its label is the release that runs.",
    samples: ({ identity }) => [{ labels: { version: identity.version }, value: 1 }],
  },
  {
    name: "start_timestamp_seconds",
    type: "gauge",
    help: "When the program was started.",
    samples: (source) => one(time(source, source.identity.started.mono)),
  },
  {
    name: "health_state",
    type: "gauge",
    help: "1 for the state of masakari-monitors status, 0 for the others.",
    samples: ({ facts, now }) => states(VERDICTS, judge(facts, now.mono).verdict),
  },
  {
    name: "problem",
    type: "gauge",
    help: "How many problems status shows, by what they are about.",
    samples: ({ facts, now }) =>
      counted(
        "about",
        judge(facts, now.mono).problems.map(({ about }) => about),
      ),
  },
  {
    name: "armed",
    type: "gauge",
    help: "Whether a failure would be acted on now.",
    samples: ({ armed }) => one(flag(armed.state === "armed")),
  },
  {
    name: "armed_state",
    type: "gauge",
    help: "1 for the state of masakari-monitors armed, 0 for the others.",
    samples: ({ armed }) => states(ARMED_STATES, armed.state),
  },
  {
    name: "last_progress_timestamp_seconds",
    type: "gauge",
    help: "When something was last observed.",
    samples: (source) => one(time(source, source.facts.loop.lastObservation)),
  },
  {
    name: "expected_progress_interval_seconds",
    type: "gauge",
    help: "How long nothing may be observed while all is well; absent where silence means nothing.",
    samples: ({ facts: { loop } }) => one(loop.silenceLimitMs && loop.silenceLimitMs / 1000),
  },
  {
    name: "observations_total",
    type: "counter",
    help: "What was observed since the start.",
    samples: ({ facts }) => one(facts.loop.observations),
  },
  {
    name: "sensing_restarts_total",
    type: "counter",
    help: "How often sensing failed and was restarted.",
    samples: ({ facts }) => one(facts.loop.restarts),
  },
  {
    name: "defects_total",
    type: "counter",
    help: "Decisions and actions that failed because of a defect of the program.",
    samples: ({ facts: { loop } }) => [
      { labels: { part: "decision" }, value: loop.failedDecisions },
      { labels: { part: "action" }, value: loop.failedEffects },
    ],
  },
  {
    name: "event_loop_worst_delay_seconds",
    type: "gauge",
    help: "The longest time since the start in which nothing ran in the process.",
    samples: ({ facts }) => one(facts.delay.worstMs / 1000),
  },
  {
    name: "outbox_pending",
    type: "gauge",
    help: "Notifications that Masakari has not accepted yet.",
    samples: ({ facts, type }) => [{ labels: { type }, value: facts.outbox.pending }],
  },
  {
    name: "outbox_oldest_pending_timestamp_seconds",
    type: "gauge",
    help: "When the oldest pending notification was decided; absent if none is pending.",
    samples: (source) => one(time(source, source.facts.outbox.oldestPending)),
  },
  {
    name: "outbox_on_disk",
    type: "gauge",
    help: "Whether the outbox is on disk: 0 means that a stop could lose what is pending.",
    samples: ({ facts }) => one(flag(facts.outbox.disk === undefined)),
  },
  {
    name: "outbox_notifications_total",
    type: "counter",
    help: "Notifications by how they ended: expired, rejected and overflowed ones were lost, the others were meant to end so.",
    samples: ({ facts, type }) =>
      OUTCOMES.map((outcome) => ({ labels: { type, outcome }, value: facts.outbox.counters[outcome] ?? 0 })),
  },
  {
    name: "outbox_attempts_total",
    type: "counter",
    help: "Attempts to deliver a notification.",
    samples: ({ facts }) => one(facts.outbox.counters.attempts ?? 0),
  },
  {
    name: "decision_seconds",
    type: "histogram",
    help: "From the observation of a failure until its notification was in the outbox.",
    samples: ({ facts, type }) => [{ labels: { type }, value: facts.loop.decisionLatency }],
  },
  {
    name: "detection_to_acceptance_seconds",
    type: "histogram",
    help: "From the observation that a notification was decided from until Masakari accepted it; of one that an earlier run left, from the outbox.",
    samples: ({ facts, type }) => [{ labels: { type }, value: facts.outbox.acceptanceLatency }],
  },
  {
    name: "api_requests_total",
    type: "counter",
    help: "Requests to Keystone and Masakari by HTTP status; error: no response.",
    samples: ({ facts }) =>
      [...facts.requests].flatMap(([service, { codes }]) =>
        [...codes].map(([code, value]) => ({ labels: { service, code }, value })),
      ),
  },
  {
    name: "api_request_duration_seconds",
    type: "histogram",
    help: "Until the whole response, or the failure.",
    samples: ({ facts }) =>
      [...facts.requests].map(([service, { durations }]) => ({ labels: { service }, value: durations })),
  },
  {
    name: "api_last_success_timestamp_seconds",
    type: "gauge",
    help: "When the last response of the service with a status below 400 arrived.",
    samples: ({ facts }) =>
      [...facts.requests].flatMap(([service, { lastSuccess }]) =>
        lastSuccess === undefined ? [] : [{ labels: { service }, value: lastSuccess / 1000 }],
      ),
  },
  {
    name: "login_failing",
    type: "gauge",
    help: "Whether the last login at Keystone failed.",
    samples: ({ facts }) => one(flag(facts.outbox.login !== undefined)),
  },
  {
    name: "libvirt_connected",
    type: "gauge",
    help: "Whether there is a connection to libvirt and the guests were checked since it was established.",
    samples: ({ facts }) => ofCondition(facts, "libvirt", (hasProblem) => flag(!hasProblem)),
  },
  {
    name: "guests",
    type: "gauge",
    help: "Guests by state.",
    samples: ({ facts }) => byPhase(facts, "guest"),
  },
  {
    name: "processes",
    type: "gauge",
    help: "Entries of the process list by state.",
    samples: ({ facts }) => byPhase(facts, "process"),
  },
  {
    name: "process_up",
    type: "gauge",
    help: "Whether the process of an entry runs.",
    samples: ({ facts }) =>
      ofKind(facts, "process").map(({ name, phase }) => ({
        labels: { process: name },
        value: flag(stateOf(phase) === "up"),
      })),
  },
  { name: "hosts", type: "gauge", help: "Watched hosts by state.", samples: ({ facts }) => byPhase(facts, "host") },
  {
    name: "gate_holding",
    type: "gauge",
    help: "Whether a gate holds the report of lost hosts.",
    samples: ({ facts, type }) =>
      type !== "COMPUTE_HOST"
        ? []
        : HELD_BY.map((gate) => ({ labels: { gate }, value: flag(facts.conditions.get(gate)?.problem !== undefined) })),
  },
  {
    name: "storm_guard_active",
    type: "gauge",
    help: "Whether more hosts are lost at once than are reported without an operator.",
    samples: ({ facts, type }) =>
      type !== "COMPUTE_HOST" ? [] : one(flag(facts.conditions.get("storm guard")?.problem !== undefined)),
  },
  {
    name: "masakari_host_on_maintenance",
    type: "gauge",
    help: "Whether this host (host monitor: a watched host) is on maintenance in Masakari.",
    samples: ({ facts }) => [
      ...ofCondition(facts, "host maintenance", flag),
      ...ofCondition(facts, "hosts on maintenance", flag),
    ],
  },
  {
    name: "masakari_host_in_segment",
    type: "gauge",
    help: "Whether this host (host monitor: each watched host) is in a segment of Masakari by the name that is sent.",
    samples: ({ facts }) => [
      ...ofCondition(facts, "host segment", (hasProblem) => flag(!hasProblem)),
      ...ofCondition(facts, "segments", (hasProblem) => flag(!hasProblem)),
    ],
  },
  {
    name: "masakari_segment_enabled",
    type: "gauge",
    help: "Whether the segment of this host (host monitor: of each watched host) is enabled.",
    samples: ({ facts }) => [
      ...ofCondition(facts, "segment disabled", (hasProblem) => flag(!hasProblem)),
      ...ofCondition(facts, "disabled segments", (hasProblem) => flag(!hasProblem)),
    ],
  },
  {
    name: "config_last_reload_successful",
    type: "gauge",
    help: "Whether the configuration of the last SIGHUP is in force; 1 if there was none.",
    samples: ({ facts }) => one(flag(facts.conditions.get("configuration")?.problem === undefined)),
  },
  {
    name: "config_unknown_options",
    type: "gauge",
    help: "Sections and options of the configuration in force that do not exist and are ignored.",
    samples: ({ unknownOptions }) => one(unknownOptions),
  },
  ...COUNTED,
];
