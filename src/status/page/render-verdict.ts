import { countOf } from "../../system/plural.ts";
import { type HostRow, SHOWN_STATES, type ShownState, WORDS } from "./host-row.ts";
import { type Html, html } from "./html.ts";
import { icon } from "./icons.ts";
import { CONSUL_MEMBERS, type NextStep, nextSteps, stepForSilent } from "./next-step.ts";
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
  const steps = mostUrgentFirst(rows);
  return html`<section class="verdict is-${state}" aria-labelledby="verdict">
<h1 id="verdict">${icon(state)}<span>${WORDS[state]}</span></h1>
<p class="lead">${MEANING[state]}</p>
<p class="scope">${scope(rows, state)}${
    state !== "armed" && first?.since !== undefined && html`, for ${ago(first.since, now)}`
  }</p>
${state !== "armed" && first?.why !== undefined && html`<p class="why">${first.why}</p>`}
${steps.length > 0 && renderSteps(steps)}
</section>
`;
}

/** Steps that are open; the others are one click away. */
const OPEN = 4;
const MOST = 30;
/** Hosts that a step names. */
const NAMED = 5;

interface HostStep extends NextStep {
  readonly hosts: readonly string[];
  /** The worst of these hosts' states. */
  readonly state: ShownState;
}

/** Those first that let the most hosts act on a failure again, of equal ones those of the worst state. Exported for its test. */
export function mostUrgentFirst(rows: readonly HostRow[]): readonly HostStep[] {
  const driver = rows.flatMap(({ host }) => host?.driver ?? [])[0] ?? null;
  const silent = rows.filter(({ state }) => state === "silent").map(({ name }) => name);
  const ofSilent = [silent.filter((name) => name !== CONSUL_MEMBERS), silent.filter((name) => name === CONSUL_MEMBERS)]
    .filter((names) => names.length > 0)
    .map((names): HostStep => ({ ...stepForSilent(names, driver), hosts: names, state: "silent" }));
  const others = rows.flatMap(({ host, state, name }) =>
    state === "silent" || host === undefined
      ? []
      : nextSteps(host).map((step): HostStep => ({ ...step, hosts: [name], state })),
  );
  const reach = ({ isOfCluster, hosts }: HostStep): number => (isOfCluster ? rows.length : hosts.length);
  return withoutRepeats([...ofSilent, ...others])
    .sort((one, other) => reach(other) - reach(one) || rankOf(other.state) - rankOf(one.state))
    .slice(0, MOST);
}

const rankOf = (state: ShownState): number => SHOWN_STATES.indexOf(state);

/** The same command on several hosts is one step. */
function withoutRepeats(steps: readonly HostStep[]): HostStep[] {
  const byText = new Map<string, HostStep>();
  for (const step of steps) {
    const key = `${step.why}\n${step.command}`;
    const before = byText.get(key);
    const state = before !== undefined && rankOf(before.state) > rankOf(step.state) ? before.state : step.state;
    byText.set(key, { ...step, state, hosts: [...(before?.hosts ?? []), ...step.hosts] });
  }
  return [...byText.values()];
}

function renderSteps(steps: readonly HostStep[]): Html {
  const more = steps.slice(OPEN);
  return html`<div class="steps" role="group" aria-label="What to do next">
<h2>Next</h2>
<ol>${steps.slice(0, OPEN).map(renderStep)}</ol>
${
  more.length > 0 &&
  html`<details id="more-steps"><summary>${countOf(more.length, "more step")}</summary>
<ol start="${OPEN + 1}">${more.map(renderStep)}</ol></details>`
}</div>`;
}

function renderStep({ why, command, hosts }: HostStep): Html {
  const named = hosts.slice(0, NAMED).join(", ");
  const on = hosts.length > NAMED ? `${named} and ${hosts.length - NAMED} more` : named;
  return html`<li><p>${why}${on !== "" && html` <span class="on">on ${on}</span>`}</p><pre tabindex="0" data-copy><code>${command}</code></pre></li>`;
}

function scope(rows: readonly HostRow[], state: ShownState): string {
  const affected = rows.filter((row) => row.state === state);
  if (rows.length === 1) return rows[0]?.name ?? "";
  if (affected.length === rows.length) return `All ${countOf(rows.length, "host")}`;
  const names = affected.slice(0, 3).map(({ name }) => name);
  const more = affected.length - names.length;
  return `${affected.length} of ${countOf(rows.length, "host")}: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
