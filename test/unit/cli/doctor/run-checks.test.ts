import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import { CHECKS } from "../../../../src/cli/doctor/checks/index.ts";
import { ok, worstLevel } from "../../../../src/cli/doctor/finding.ts";
import { runChecks } from "../../../../src/cli/doctor/run-checks.ts";
import { subjectOf } from "../../../../src/cli/doctor/subject.ts";
import { monitorPrograms } from "../../../../src/cli/programs/index.ts";
import { configRoot } from "../../../support/config-root.ts";
import { load } from "../../../support/load-config.ts";

function subject(...monitors: readonly string[]) {
  using at = configRoot();
  return subjectOf(load(at), monitors);
}

const never: Check = { name: "hangs", limitMs: () => 50, run: () => new Promise(() => undefined) };
const throws: Check = { name: "throws", run: () => Promise.reject(new Error("no such thing")) };
const fine: Check = { name: "fine", run: () => Promise.resolve([ok("all well")]) };

test("a check that hangs, and one that throws, are findings of their own and hide no other", async () => {
  const { findings, isHung } = await runChecks([never, throws, fine], subject("processmonitor"));
  const shown = findings.map(({ check, level, what }) => [check, level, what]);
  assert.deepEqual(shown, [
    ["hangs", "problem", "no result within 0.05 s"],
    ["throws", "problem", "no such thing"],
    ["fine", "ok", "all well"],
  ]);
  assert.ok(isHung, "whoever runs it has to end the process");
});

test("what a check waits for is ended when its time is over", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting: Check = {
    name: "waits",
    limitMs: () => 20,
    run: (_, signal) => new Promise(() => signal.addEventListener("abort", () => resolve("ended"))),
  };
  await runChecks([waiting], subject("processmonitor"));
  assert.equal(await promise, "ended");
});

test("what a check has found when its time is over is kept", async () => {
  const partial: Check = {
    name: "partial",
    limitMs: () => 20,
    run: (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve([ok("the first of two")]))),
  };
  const { findings, isHung } = await runChecks([partial], subject("processmonitor"));
  assert.deepEqual(findings, [{ check: "partial", level: "ok", what: "the first of two" }]);
  assert.ok(isHung, "the rest may still run");
});

test("only what the monitors need is examined", async () => {
  const named = (name: string, ...monitors: readonly string[]): Check => ({ ...fine, name, monitors });
  const checks = [fine, named("libvirt", "instancemonitor"), named("cluster", "hostmonitor")];
  const { findings } = await runChecks(checks, subject("hostmonitor"));
  assert.deepEqual(
    findings.map(({ check }) => check),
    ["fine", "cluster"],
  );
});

test("the monitors that checks are for exist, and no two checks have one name", () => {
  const known = Object.keys(monitorPrograms);
  for (const { monitors = [] } of CHECKS) for (const name of monitors) assert.ok(known.includes(name), name);
  assert.equal(new Set(CHECKS.map(({ name }) => name)).size, CHECKS.length);
});

test("the worst finding is the verdict", () => {
  const warning = { level: "warning", what: "", why: "", fix: "" } as const;
  assert.equal(worstLevel([]), "ok");
  assert.equal(worstLevel([ok(""), warning, ok("")]), "warning");
  assert.equal(worstLevel([warning, { ...warning, level: "problem" }]), "problem");
});
