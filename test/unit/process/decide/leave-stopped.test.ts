import assert from "node:assert/strict";
import { test } from "node:test";
import { unitIs } from "../../../support/process-behaviour.ts";
import { booting, killed, RESTART, stages } from "../../../support/process-scenarios.ts";

const STOPPED = { activeExited: 1000, mainExited: 1001 };

const LEFT = { ...RESTART, leave_stopped: true };

test("an operator's systemctl stop is undone, unless the entry has leave_stopped", async () => {
  const undone = await killed(RESTART, () => unitIs("inactive", STOPPED));
  await undone.run(2000);
  assert.deepEqual(stages(undone), ["restart_command"]);
  const left = await killed(LEFT, () => unitIs("inactive", STOPPED));
  await left.run(86_400_000);
  assert.deepEqual([stages(left), left.notified.length], [[], 0]);
  assert.match(left.conditions.get("postponed processes") ?? "", /p\.service was stopped through systemd/);
  left.spawn("p");
  await left.run(10_000);
  assert.equal(left.phaseOf("p")?.name, "up");
});

test("systemd forgets the times of a stopped unit that nothing refers to: leave_stopped knows it all the same", async () => {
  const world = await killed(LEFT, () => unitIs("inactive"));
  await world.run(3_600_000);
  assert.deepEqual([stages(world), world.notified.length], [[], 0]);
});

test("leave_stopped hides no failure: a process that ended by itself, a unit that failed, one never started", async () => {
  const statuses = [
    unitIs("inactive", { activeExited: 1001, mainExited: 1000 }),
    unitIs("failed", { ...STOPPED, result: "timeout" }),
    unitIs("failed", { ...STOPPED, result: "signal" }),
  ];
  for (const status of statuses) {
    const world = await killed(LEFT, () => status);
    await world.run(2000);
    assert.deepEqual(stages(world), ["restart_command"]);
  }
  const never = booting(LEFT, { boot_grace: 0 });
  never.systemd = () => unitIs("inactive");
  never.startMonitor();
  await never.run(60_000);
  assert.equal(never.notified.length, 1);
});

test("a stopped unit whose next start fails is a failure", async () => {
  let status = unitIs("inactive", STOPPED);
  const world = await killed(LEFT, () => status);
  await world.run(3_600_000);
  status = unitIs("failed", { ...STOPPED, result: "exit-code" });
  await world.run(60_000);
  assert.deepEqual(stages(world), ["restart_command"]);
});
