import { type HostRow, overviewsOf } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import type { Incident } from "./overview.ts";
import { ago, clock, span, timeOfDay } from "./time-text.ts";

interface Found {
  readonly host: string;
  readonly monitor: string;
  readonly incident: Incident;
}

/** Of all monitors of all hosts, the notification that was decided last. */
export function lastIncident(rows: readonly HostRow[]): Found | undefined {
  const all = rows.flatMap(({ name, host }) =>
    (host === undefined ? [] : overviewsOf(host)).flatMap(({ monitor, incident }) =>
      incident === null ? [] : [{ host: name, monitor, incident }],
    ),
  );
  return all.reduce<Found | undefined>(
    (last, one) => (last === undefined || seenAt(one.incident) > seenAt(last.incident) ? one : last),
    undefined,
  );
}

const seenAt = ({ steps }: Incident): string => steps[0]?.at ?? "";

/** The last notification as a timeline, in ms from one step to the next. */
export function renderIncident(rows: readonly HostRow[], now: number): Html {
  const found = lastIncident(rows);
  if (found === undefined) {
    return html`<section aria-labelledby="incident">
<h2 id="incident">Last incident</h2>
<p class="none">No notification was needed so far.</p>
</section>
`;
  }
  const { host, monitor, incident } = found;
  const { steps, masakari } = incident;
  const times = steps.map(({ at }) => Date.parse(at));
  const total = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return html`<section aria-labelledby="incident">
<h2 id="incident">Last incident</h2>
<p class="about"><b>${incident.about}</b> <span class="none">${ago(steps[0]?.at, now)} ago, by the ${monitor} of ${host}</span></p>
<ol class="timeline">${steps.map(({ what, at }, index) => {
    const before = times[index - 1];
    const step = before === undefined ? undefined : (times[index] ?? before) - before;
    return html`<li><span class="what">${what}</span><span class="at">${timeOfDay(at, now)}</span><span class="step">${
      step !== undefined && html`+${duration(step)}`
    }</span></li>`;
  })}${
    masakari &&
    html`<li class="masakari"><span class="what">Masakari: ${masakari.status}</span><span class="at">${
      masakari.at !== null && masakariTime(masakari.at)
    }</span><span class="step">${masakari.problem}</span></li>`
  }</ol>
<p class="none">${sentences(incident, total)}</p>
</section>
`;
}

function sentences(
  { steps, attempts, reason, notification_uuid: uuid }: Incident,
  total: number,
): readonly (Html | false)[] {
  const length = [
    ...(steps.length > 1 ? [`${duration(total)} from the first to the last step here`] : []),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
  ];
  return [
    length.length > 0 && html`${length.join("; ")}. `,
    reason !== null && html`<b>${reason.replace(/\.+$/, "")}</b>. `,
    uuid !== null && html`Masakari's UUID: <code>${uuid}</code>`,
  ];
}

const duration = (ms: number): string => (ms < 60_000 ? `${ms} ms` : span(ms));

/** Whole seconds of the API's clock, which may differ from this host's. */
function masakariTime(at: string): Html | undefined {
  const time = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(at) ? at : `${at}Z`);
  return Number.isNaN(time)
    ? undefined
    : html`<time datetime="${new Date(time).toISOString()}">${clock(time).slice(11, 19)}</time>`;
}
