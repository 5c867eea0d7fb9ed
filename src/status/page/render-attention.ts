import { type HostRow, overviewsOf } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import { ago } from "./time-text.ts";

/** What is not well, of all hosts; equal things are one item. */
interface Item {
  readonly names: readonly string[];
  readonly phase: string;
  readonly since: string;
  /** Which hosts' monitors see it so. */
  readonly hosts: readonly string[];
  /** What was logged last, of one that stands alone. */
  readonly event: string | undefined;
}

interface Seen {
  readonly kind: string;
  readonly name: string;
  readonly phase: string;
  readonly since: string;
  readonly host: string;
  readonly event: string | undefined;
}

const LISTS = [
  { kind: "gate", heading: "Gates holding" },
  { kind: "host", heading: "Hosts not online" },
  { kind: "guest", heading: "Guests suspected" },
  { kind: "process", heading: "Processes down" },
];

/** What is not well anywhere; nothing if all is. */
export function renderAttention(rows: readonly HostRow[], now: number): Html | undefined {
  const seen = rows.flatMap(seenOn);
  const lists = LISTS.map(({ kind, heading }) => ({
    heading,
    items: grouped(seen.filter((one) => one.kind === kind)),
  }));
  const shown = lists.filter(({ items }) => items.length > 0);
  if (shown.length === 0) return undefined;
  return html`<section aria-labelledby="attention">
<h2 id="attention">Not well</h2>
${shown.map(
  ({ heading, items }) => html`<h3>${heading}</h3>
<ul class="unwell">${items.map((item) => renderItem(item, now))}</ul>
`,
)}</section>
`;
}

function renderItem({ names, phase, since, hosts, event }: Item, now: number): Html {
  return html`<li><b>${names.join(", ")}</b> ${phase} <span class="none">for ${ago(since, now)}, on ${hosts.join(", ")}</span>${
    event !== undefined && html`<br><small>${event}</small>`
  }</li>`;
}

function seenOn({ name: host, host: overview }: HostRow): readonly Seen[] {
  if (overview === undefined) return [];
  return overviewsOf(overview).flatMap(({ gates, unwell }) => [
    ...gates.map(({ gate, reason, since }) => ({
      kind: "gate",
      name: gate,
      phase: reason,
      since,
      host,
      event: undefined,
    })),
    ...unwell.map(({ kind, name, phase, since, last_event: event }) => ({
      kind,
      name,
      phase,
      since,
      host,
      // The phase of a held host is what was logged.
      event: event === null || phase.length > 60 ? undefined : event.text,
    })),
  ]);
}

/** Hosts seen by several monitors, and subjects for which the same is true, are one item. */
function grouped(seen: readonly Seen[]): readonly Item[] {
  const items = new Map<string, Item>();
  for (const { kind, name, phase, since, host, event } of seen) {
    const key = kind === "process" || kind === "guest" ? `${host}\n${name}` : phase;
    const item = items.get(key);
    items.set(key, {
      phase,
      names: item === undefined ? [name] : [...new Set([...item.names, name])],
      hosts: item === undefined ? [host] : [...new Set([...item.hosts, host])],
      since: item === undefined || since < item.since ? since : item.since,
      event: item === undefined ? event : undefined,
    });
  }
  return [...items.values()];
}
