import { countOf } from "../../system/plural.ts";
import { type HostRow, type ShownState, WORDS } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import type { MonitorOverview } from "./overview.ts";
import { ago } from "./time-text.ts";

const NONE = html`<span class="none">&ndash;</span>`;

/** A state as a word with its shape. */
const pill = (state: ShownState): Html => html`<span class="pill is-${state}">${icon(state)}${WORDS[state]}</span>`;

/**
 * One row per host. On a narrow screen each row is a card: the roles keep it a table for a screen reader, and each cell shows the
 * heading of its column.
 */
export function renderHosts(rows: readonly HostRow[], now: number): Html {
  return html`<section aria-labelledby="hosts">
<h2 id="hosts">Hosts</h2>
<table class="hosts" role="table" aria-labelledby="hosts">
<thead role="rowgroup"><tr role="row">${HEADINGS.map((text) => html`<th role="columnheader" scope="col">${text}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => renderRow(row, now))}</tbody>
</table>
</section>
`;
}

const HEADINGS = ["Host", "State", "Why", "For", "Observed", "Cluster", "On maintenance", "Segment", "Last proof"];

function renderRow(row: HostRow, now: number): Html {
  const { proof, observedAt, cluster, maintenance, segment } = row;
  const cells: readonly (Html | string | readonly Html[])[] = [
    pill(row.state),
    row.why === undefined ? NONE : html`<span class="clamped">${row.why}</span>`,
    row.since === undefined ? NONE : ago(row.since, now),
    observedAt === undefined ? NONE : html`${ago(observedAt, now)} ago`,
    cluster === undefined ? NONE : cluster.map((text) => html`<span class="whole">${text}</span> `),
    maintenance === undefined ? NONE : maintenance ? html`<strong>yes</strong>` : "no",
    segment ?? NONE,
    proof ? html`${proof.host}: ${proof.text}, ${ago(proof.at, now)} ago` : NONE,
  ];
  return html`<tr role="row" class="is-${row.state}"><th role="rowheader" scope="row">${row.name}</th>${cells.map(
    (cell, index) =>
      html`<td role="cell" data-label="${HEADINGS[index + 1]}"${cell === NONE && html` class="empty"`}><div>${cell}</div></td>`,
  )}</tr>`;
}

/** The monitors of each host: open where there is one host, or one does not monitor; else one line. */
export function renderMonitors(rows: readonly HostRow[], now: number): Html {
  return html`<section aria-labelledby="monitors">
<h2 id="monitors">Monitors</h2>
${rows.map((row, index) => renderHost(row, { index, now, isOpen: rows.length === 1 || row.state === "blind" }))}
</section>
`;
}

interface HostPlace {
  readonly index: number;
  readonly now: number;
  readonly isOpen: boolean;
}

function renderHost({ host, name, state }: HostRow, { index, now, isOpen }: HostPlace): Html {
  if (host === undefined) return html`<p class="none" id="host-${index}">${name}: nothing is known of it</p>`;
  return html`<details id="host-${index}"${isOpen && html` open`}>
<summary><span class="name">${name}</span> <span class="none">${countOf(host.monitors.length, "monitor")}${
    state === "silent" && html`, as they were ${ago(host.at, now)} ago`
  }</span></summary>
<ul class="monitors">${host.monitors.map((one) =>
    one.kind === "silent"
      ? html`<li class="is-blind"><h3>${one.monitor}</h3>${pill("blind")}<p>${one.problem}</p></li>`
      : renderMonitor(one.overview, now),
  )}</ul>
</details>`;
}

function renderMonitor(monitor: MonitorOverview, now: number): Html {
  const { state, since, reason, outbox, last_observation_at, version, counts, problems } = monitor;
  const waits = outbox.pending === 0 ? "nothing waits" : `${countOf(outbox.pending, "notification")} waiting`;
  const others = problems.filter(({ reason: text }) => reason === null || !reason.includes(text));
  return html`<li class="is-${state}"><h3>${monitor.monitor}</h3>${pill(state)}
<p class="facts">for ${ago(since, now)} &middot; observed ${ago(last_observation_at, now)} ago &middot; ${waits}${
    !outbox.on_disk && html` &middot; <strong>not on disk</strong>`
  }${counts.map(({ kind, state: of, count }) => html` &middot; ${count} ${kind} ${of}`)} &middot; <span class="none">${version}</span></p>
${reason !== null && html`<p>${reason}</p>`}
${others.length > 0 && html`<ul class="problems">${others.map(({ about, reason: text, since: from }) => html`<li><b>${about}</b> ${text} (${ago(from, now)})</li>`)}</ul>`}
</li>`;
}
