import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CommonObservation,
  type CommonState,
  decideBy,
  initialCommonState,
} from "../../../src/monitor/decision.ts";

interface Settings {
  readonly hostname: string;
}
interface State extends CommonState<Settings> {
  readonly seen: readonly string[];
}
type Observation =
  | CommonObservation<Settings>
  | { readonly kind: "seen"; readonly at: typeof at; readonly what: string };
type Effect = { readonly kind: "ask"; readonly run: number };

const at = { wall: Date.UTC(2026, 0, 1), mono: 5000 };
const settings = { hostname: "compute-1" };
const initial: State = { ...initialCommonState, seen: [] };

const decide = decideBy<State, Observation, Effect, Settings>({
  rebooted: (state, context) => {
    context.supersede("host:x", "this host has been rebooted since");
    return { ...state, seen: [] };
  },
  started: (state, _, context) => {
    context.log("info", state.settings === undefined ? "the program starts" : "sensing starts again");
    return state;
  },
  settingsChanged: (state, context) => ({ ...state, seen: [...state.seen, `now ${context.settings.hostname}`] }),
  observed(state, observation, context) {
    if (observation.kind === "woke" || observation.what === "nothing new") return state;
    if (observation.what === "ask") context.act({ kind: "ask", run: context.nextRun() });
    else context.notify("host:x", { type: "COMPUTE_HOST", payload: { event: observation.what } });
    return observation.what === "ask" ? state : { ...state, seen: [...state.seen, observation.what] };
  },
});

const started = (bootId: string, from: State = initial) => decide(from, { kind: "started", at, bootId, settings });
const seen = (state: State, what: string) => decide(state, { kind: "seen", at, what });
const kinds = ({ effects }: ReturnType<typeof decide>) =>
  effects.map((effect) => ("text" in effect ? effect.text : effect.kind));

test("before the first started nothing has a meaning, new settings neither", () => {
  for (const observation of [
    { kind: "seen", at, what: "STOPPED" },
    { kind: "woke", at, key: "x" },
    { kind: "settingsChanged", at, settings },
  ] as const) {
    const decision = decide(initial, observation);
    assert.equal(decision.state, initial);
    assert.deepEqual(decision.effects, []);
  }
});

test("what is of another boot is forgotten at a start, and what is of this boot, or of this program, is not", () => {
  const saved: State = { ...initial, bootId: "boot-1", seen: ["STOPPED"] };
  for (const [from, bootId, expected] of [
    [saved, "boot-1", ["the program starts"]],
    [saved, "boot-2", ["supersede", "the program starts"]],
    [saved, "", ["supersede", "the program starts"]],
    [{ ...saved, bootId: "" }, "boot-2", ["supersede", "the program starts"]],
    [{ ...saved, bootId: "", settings }, "", ["sensing starts again"]],
    [{ ...saved, settings }, "boot-1", ["sensing starts again"]],
  ] as const) {
    const decision = started(bootId, from);
    assert.deepEqual(kinds(decision), expected, `${from.bootId} → ${bootId}`);
    assert.deepEqual(decision.state.seen, expected.length > 1 ? [] : ["STOPPED"]);
    assert.deepEqual([decision.state.bootId, decision.state.settings], [bootId, settings]);
  }
});

test("new settings are taken in, and the monitor sees them", () => {
  const next = { hostname: "compute-2" };
  const { state } = decide(started("boot-1").state, { kind: "settingsChanged", at, settings: next });
  assert.deepEqual([state.settings, state.seen], [next, ["now compute-2"]]);
});

test("an observation that changes nothing leaves the very same state", () => {
  const { state } = started("boot-1");
  assert.equal(seen(state, "nothing new").state, state);
});

test("hostname and time of a notification are filled in", () => {
  const { effects } = seen(started("boot-1").state, "STOPPED");
  assert.deepEqual(effects, [
    {
      kind: "notify",
      subject: "host:x",
      notification: {
        type: "COMPUTE_HOST",
        hostname: "compute-1",
        generated_time: "2026-01-01T00:00:00",
        payload: { event: "STOPPED" },
      },
    },
  ]);
});

test("no run number is given out twice, over a restart of sensing neither", () => {
  let { state } = started("boot-1");
  const runs: unknown[] = [];
  for (const step of ["ask", "ask", "restart", "ask"]) {
    const decision = step === "restart" ? started("boot-1", state) : seen(state, step);
    for (const effect of decision.effects) if (effect.kind === "ask") runs.push(effect.run);
    ({ state } = decision);
  }
  assert.deepEqual(runs, [1, 2, 3]);
});
