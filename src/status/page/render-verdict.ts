import { countOf } from "../../system/plural.ts";
import { type HostRow, SHOWN_STATES, type ShownState, WORDS } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import { type NextStep, nextSteps } from "./next-step.ts";
import { ago } from "./time-text.ts";

const MEANING: Readonly<Record<ShownState, string>> = {
  armed: "A failure would be noticed, and Masakari would act on it.",
  held: "A failure would be noticed, and reported when what holds it is over.",
  disarmed: "A failure would be noticed, and nothing would be done.",
  blind: "A failure would not be noticed.",
  silent: "It is not known whether a failure would be noticed.",
};

/** The worst state of all hosts. */
export function worstState(rows: readonly HostRow[]): ShownState {
  const rank = rows.reduce((worst, { state }) => Math.max(worst, SHOWN_STATES.indexOf(state)), 0);
  return SHOWN_STATES[rank] ?? "silent";
}

/** The first thing that somebody sees who was woken: the state in one word, why, and what to type. */
export function renderVerdict(rows: readonly HostRow[], now: number): Html {
  const state = worstState(rows);
  const [first] = rows.filter((row) => row.state === state);
  const steps = withoutRepeats(rows.flatMap(stepsOf));
  return html`<section class="verdict is-${state}" aria-labelledby="verdict">
<h1 id="verdict">${icon(state)}<span>${WORDS[state]}</span></h1>
<p class="lead">${MEANING[state]}</p>
<p class="scope">${scope(rows, state)}${
    state !== "armed" && first?.since !== undefined && html`, for ${ago(first.since, now)}`
  }</p>
${state !== "armed" && first?.why !== undefined && html`<p class="why">${first.why}</p>`}
${steps.length > 0 && renderSteps(steps.slice(0, 4))}
</section>
`;
}

interface HostStep extends NextStep {
  readonly hosts: readonly string[];
}

function stepsOf({ host, state, name }: HostRow): readonly HostStep[] {
  if (state === "silent") return [{ hosts: [], why: `See whether ${name} is up`, command: "crm_mon -1" }];
  return host === undefined ? [] : nextSteps(host).map((step) => ({ ...step, hosts: [name] }));
}

/** The same command on several hosts is one step. */
function withoutRepeats(steps: readonly HostStep[]): readonly HostStep[] {
  const byText = new Map<string, HostStep>();
  for (const step of steps) {
    const key = `${step.why}\n${step.command}`;
    byText.set(key, { ...step, hosts: [...(byText.get(key)?.hosts ?? []), ...step.hosts] });
  }
  return [...byText.values()];
}

function renderSteps(steps: readonly HostStep[]): Html {
  return html`<div class="steps" role="group" aria-label="What to do next">
<h2>Next</h2>
<ol>${steps.map(
    ({ why, command, hosts }) =>
      html`<li><p>${why}${hosts.length > 0 && html` <span class="on">on ${hosts.join(", ")}</span>`}</p><pre tabindex="0" data-copy><code>${command}</code></pre></li>`,
  )}</ol>
</div>`;
}

function scope(rows: readonly HostRow[], state: ShownState): string {
  const affected = rows.filter((row) => row.state === state);
  if (rows.length === 1) return rows[0]?.name ?? "";
  if (affected.length === rows.length) return `All ${countOf(rows.length, "host")}`;
  const names = affected.slice(0, 3).map(({ name }) => name);
  const more = affected.length - names.length;
  return `${affected.length} of ${countOf(rows.length, "host")}: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
