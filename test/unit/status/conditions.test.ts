import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConditionKind, Conditions } from "../../../src/status/conditions.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const LIBVIRT: ConditionKind = { name: "libvirt", consequence: "nothing is seen" };

test("the time of a condition is when its problem began or ended, not when the reason changed", async () => {
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const began = clock.now();
  conditions.set(LIBVIRT, "not connected yet");
  await clock.advance(1000);
  conditions.set(LIBVIRT, "connection refused");
  assert.deepEqual(conditions.all.get("libvirt"), {
    problem: "connection refused",
    consequence: "nothing is seen",
    severity: "degraded",
    since: began,
  });

  conditions.set(LIBVIRT, undefined);
  const well = clock.now();
  await clock.advance(1000);
  conditions.set(LIBVIRT, undefined);

  assert.equal(conditions.all.get("libvirt")?.problem, undefined);
  assert.deepEqual(conditions.all.get("libvirt")?.since, well);
  assert.equal(conditions.all.size, 1);
});

test("a condition is as severe as its kind declares", () => {
  const conditions = new Conditions(new VirtualClock());
  conditions.set({ name: "cluster", consequence: "no host can be judged", severity: "failing" }, "no quorum");
  assert.equal(conditions.all.get("cluster")?.severity, "failing");
});
