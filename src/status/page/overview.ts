import {
  array,
  boolean,
  type InferOutput,
  literal,
  nullable,
  number,
  object,
  optional,
  picklist,
  pipe,
  string,
  transform,
  union,
  unknown,
} from "valibot";

/** What others send is cut: a monitor of this host, or a peer, may be of another release or not what it seems. Characters. */
const text = (most: number) =>
  pipe(
    string(),
    transform((value) => value.slice(0, most)),
  );
const name = text(300);
const reason = text(600);
const time = text(40);
/** One of another release may send more. */
const list = <Item extends Parameters<typeof array>[0]>(item: Item, most: number) =>
  pipe(
    array(unknown()),
    transform((all) => all.slice(0, most)),
    array(item),
  );

/** So many of each list are part of an overview; the sender cuts it. */
export const LISTED = 30;
/** Monitors of one host; there are four of ours. */
export const MONITORS = 20;
/** Masakari's, the monitor's and the page's own word for whether a failure would be acted on. */
const state = picklist(["armed", "held", "disarmed", "blind"]);

const step = object({ what: name, at: time });

/** The last notification, from the observation to what Masakari did about it. */
export const incidentSchema = object({
  id: name,
  /** `PROCESS STOPPED of nova-compute on host-1` */
  about: reason,
  outcome: name,
  reason: nullable(reason),
  attempts: number(),
  notification_uuid: nullable(name),
  /** In order, times in ISO 8601 with ms. */
  steps: list(step, 10),
  /** As masakari-api shows it; its times are whole seconds of its own clock. Null: it has none, or it is not yet read. */
  masakari: nullable(object({ status: name, at: nullable(time), problem: nullable(reason) })),
});
export type Incident = Readonly<InferOutput<typeof incidentSchema>>;

const subject = object({
  kind: name,
  name,
  id: nullable(name),
  phase: reason,
  since: time,
  last_event: nullable(object({ at: time, text: reason })),
});

const problem = object({ severity: name, about: name, reason, since: time });

/** One monitor, for the page. */
export const monitorSchema = object({
  monitor: name,
  version: name,
  hostname: name,
  started_at: time,
  state,
  reason: nullable(reason),
  since: time,
  verdict: picklist(["ok", "degraded", "failing"]),
  last_observation_at: nullable(time),
  outbox: object({ pending: number(), oldest_pending_seconds: nullable(number()), on_disk: boolean() }),
  problems: list(problem, LISTED),
  /** What holds the report of lost hosts. */
  gates: list(object({ gate: name, reason, since: time }), LISTED),
  /** This host as Masakari's segments have it; null: not read, or not found. */
  registration: nullable(object({ segment: name, on_maintenance: boolean(), enabled: boolean() })),
  /** How many subjects there are of each kind and state: `process`, `up`, 12. */
  counts: list(object({ kind: name, state: name, count: number() }), LISTED),
  /** Those that are not well. */
  unwell: list(subject, LISTED),
  /** What proves that the host is down that was lost last and is not back. */
  proof: nullable(object({ host: name, text: reason, at: time })),
  incident: nullable(incidentSchema),
});
export type MonitorOverview = Readonly<InferOutput<typeof monitorSchema>>;

const silent = object({ kind: literal("silent"), monitor: name, problem: reason });
const heard = object({ kind: literal("overview"), monitor: name, overview: monitorSchema });

/** One host, for the page: what `GET /host.json` responds with. */
export const hostSchema = object({
  host: name,
  at: time,
  /** `[host] monitoring_driver` of its host monitor; null: it has none. */
  driver: optional(nullable(name), null),
  monitors: list(union([heard, silent]), MONITORS),
});
export type HostOverview = Readonly<InferOutput<typeof hostSchema>>;

/** Of all hosts that the page shows: what is known of one that has been asked. */
export type PeerOverview =
  | { readonly kind: "host"; readonly host: HostOverview }
  /** Nothing is known of it now; `last` is what it sent before. */
  | {
      readonly kind: "silent";
      readonly peer: string;
      readonly problem: string;
      readonly since: string | undefined;
      readonly last: HostOverview | undefined;
    };
