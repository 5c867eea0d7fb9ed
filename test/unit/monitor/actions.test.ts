import assert from "node:assert/strict";
import { test } from "node:test";
import { Actions } from "../../../src/monitor/actions.ts";
import type { Observe, OwnEffect } from "../../../src/monitor/contract.ts";
import { noProgress } from "../../../src/monitor/progress.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

/** Effects that end when the test ends them. */
class UnderWay {
  readonly observed: string[] = [];
  readonly log = new KeptLog();
  readonly progress = noProgress();
  readonly program = new AbortController();
  readonly acts: { readonly observe: Observe<string>; readonly signal: AbortSignal; readonly end: () => void }[] = [];
  readonly actions: Actions<string, OwnEffect>;

  constructor() {
    const monitor = {
      name: "testmonitor",
      outlastSensing: ["command"],
      act: (_: OwnEffect, observe: Observe<string>, signal: AbortSignal) =>
        new Promise<void>((resolve) => this.acts.push({ observe, signal, end: resolve })),
    };
    const parts = { clock: new VirtualClock(), log: this.log, progress: this.progress };
    this.actions = new Actions(monitor, parts, (one) => this.observed.push(one), this.program.signal);
  }

  begin(): AbortController {
    const run = new AbortController();
    this.actions.begin(run.signal);
    return run;
  }

  start(effect: OwnEffect) {
    const before = this.acts.length;
    this.actions.act(effect);
    return this.acts.length > before ? this.acts.at(-1) : undefined;
  }
}

test("the result of an earlier sensing run is ignored, and its effect sees its signal abort", () => {
  const rig = new UnderWay();
  const first = rig.begin();
  const look = rig.start({ kind: "look" });
  look?.observe("in time");
  first.abort();
  rig.begin();
  look?.observe("too late");
  assert.equal(look?.signal.aborted, true);
  rig.start({ kind: "look" })?.observe("of the second run");
  assert.deepEqual(rig.observed, ["in time", "of the second run"]);
});

test("what outlasts sensing goes on when it is restarted, and its result is decided", () => {
  const rig = new UnderWay();
  const first = rig.begin();
  const command = rig.start({ kind: "command" });
  first.abort();
  assert.equal(command?.signal.aborted, false);
  rig.begin();
  command?.observe("the command has ended");
  assert.deepEqual(rig.observed, ["the command has ended"]);
  rig.program.abort();
  assert.equal(command?.signal.aborted, true);
});

test("while no sensing runs, only what outlasts it is carried out", () => {
  const rig = new UnderWay();
  rig.begin().abort();
  assert.equal(rig.start({ kind: "look" }), undefined);
  assert.notEqual(rig.start({ kind: "command" }), undefined);
});

test("cancel aborts what has its key, and only that; what it observes afterwards is ignored", () => {
  const rig = new UnderWay();
  rig.begin();
  const one = rig.start({ kind: "look", cancelKey: "a" });
  const same = rig.start({ kind: "command", cancelKey: "a" });
  const other = rig.start({ kind: "look", cancelKey: "b" });
  rig.actions.cancel("a");
  rig.actions.cancel("unknown");
  assert.deepEqual(
    [one, same, other].map((act) => act?.signal.aborted),
    [true, true, false],
  );
  for (const [act, text] of [
    [one, "one"],
    [same, "same"],
    [other, "other"],
  ] as const)
    act?.observe(text);
  assert.deepEqual(rig.observed, ["other"]);
  const next = rig.start({ kind: "look", cancelKey: "a" });
  assert.equal(next?.signal.aborted, false, "an effect that is decided later is another one");
});

test("a cancelled effect that fails by that is neither logged nor counted", async () => {
  const rig = new UnderWay();
  const act = (_: OwnEffect, _observe: Observe<string>, signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const parts = { clock: new VirtualClock(), log: rig.log, progress: rig.progress };
  const actions = new Actions({ name: "testmonitor", act }, parts, () => undefined, rig.program.signal);
  actions.act({ kind: "look", cancelKey: "a" });
  actions.cancel("a");
  await settle();
  assert.deepEqual([rig.progress.failedEffects, rig.log.lines, actions.isUnderWay], [0, [], false]);
});
