import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTES, monitoredHost } from "../../../support/introspective-monitored-host.ts";

test("a paused guest is not pinged and not reported; its failures do not outlast the pause", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.hang(first);
  while ((world.stateOf(first)?.failures ?? 0) < 2) await world.run(100);
  world.pause(first, true);
  const pings = world.pings.length;
  await world.run(30 * MINUTES);
  assert.equal(world.pings.length, pings);
  world.hang(first, false);
  world.pause(first, false);
  world.hang(first);
  await world.run(12_000);
  assert.deepEqual(world.notified, []);
  await world.run(MINUTES);
  assert.equal(world.notified.length, 1);
});

test("a ping that a pause overtakes means nothing", async () => {
  const { world, first } = await monitoredHost(["vm"], { guest_monitoring_failure_threshold: 1 });
  world.hang(first);
  while (world.inFlight === 0) await world.run(10);
  world.pause(first, true);
  while (world.inFlight > 0) await world.run(10);
  assert.equal(world.stateOf(first)?.failures, 0);
  assert.equal(world.examinations.length, 0);
  assert.doesNotMatch(world.log.join("\n"), /failed ping/);
});

test("a guest that is found not to run when it is examined is not reported, though no event of it came", async () => {
  const { world, first } = await monitoredHost(["vm"], { guest_monitoring_failure_threshold: 1 });
  world.hang(first);
  while (world.inFlight === 0) await world.run(10);
  first.paused = true;
  await world.run(10 * MINUTES);
  assert.equal(world.examinations.length, 1);
  assert.deepEqual(world.notified, []);
});

test("an examination that a new start overtakes reports nothing", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.examineMs = 9000;
  world.hang(first);
  while (world.examinations.length === 0) await world.run(100);
  world.stop(first);
  world.start(first);
  await world.run(10 * MINUTES);
  assert.deepEqual(world.notified, []);
  assert.equal(world.stateOf(first)?.phase, "healthy");
});

test("a guest is not pinged while it is examined", async () => {
  const { world, first } = await monitoredHost(["vm"], { guest_monitoring_interval: 3 });
  world.examineMs = 9000;
  world.hang(first);
  while (world.examinations.length === 0) await world.run(100);
  const pings = world.pings.length;
  await world.run(8000);
  assert.equal(world.pings.length, pings);
});

test("an error of libvirt's own is no failure of a guest", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.fate = () => ({ ms: 42_000, outcome: "unknown" });
  await world.run(30 * MINUTES);
  assert.deepEqual(world.notified, []);
  world.fate = () => undefined;
  await world.run(MINUTES);
  assert.equal(world.stateOf(first)?.suspected, false);
});

test("denied agent commands are logged once, and are no guest's failure", async () => {
  const { world } = await monitoredHost(["one", "two"]);
  world.fate = () => ({ ms: 1, outcome: "denied" });
  await world.run(30 * MINUTES);
  assert.deepEqual(world.notified, []);
  assert.equal(world.log.filter((line) => line.includes("libvirt denies")).length, 1);
});
