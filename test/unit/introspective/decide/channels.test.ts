import assert from "node:assert/strict";
import { test } from "node:test";
import { failedPingsOf, MINUTES, monitoredHost } from "../../../support/introspective-monitored-host.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

test("a closed channel is logged at once, and notified after the Python monitor's five failed pings", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  const since = world.mono;
  world.channelChanges(first, false);
  assert.match(world.log.at(-1) ?? "", /warning: vm .* closed its channel/);
  while (world.notified.length === 0 && world.mono < since + 5 * MINUTES) await world.run(100);
  assert.equal(failedPingsOf(world, first, since), 5);
});

test("a closed channel delays nobody: its pings are not in the lane of the suspected", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  world.channelChanges(first, false);
  await world.run(25_000);
  assert.equal(world.stateOf(first)?.phase, "error");
  assert.equal(world.stateOf(first)?.suspected, false);
});

test("a guest that opens its channel again works: the count starts again", async () => {
  const { world, first } = await monitoredHost(["vm"]);
  for (let times = 0; times < 5; times++) {
    world.reboot(first, 35_000);
    await world.run(36_000);
    // It boots, and is slow to answer.
    world.hang(first);
    await world.run(12_000);
    world.hang(first, false);
    await world.run(30_000);
  }
  assert.deepEqual(world.notified, []);
});

test("agent_disconnected = ignore: a guest whose agent is stopped is not monitored until it answers again", async () => {
  const { world, first } = await monitoredHost(["vm"], { agent_disconnected: "ignore" });
  world.channelChanges(first, false);
  await world.run(30 * MINUTES);
  assert.deepEqual(world.notified, []);
  assert.equal(world.stateOf(first)?.phase, "discovery");
  world.channelChanges(first, true);
  await world.run(20_000);
  assert.equal(world.stateOf(first)?.phase, "healthy");
  world.hang(first);
  await world.run(MINUTES);
  assert.equal(world.notified.length, 1);
});

test("a guest's XML is read once for each of its starts", async () => {
  const { world, guests } = await monitoredHost(["one", "two", "three"]);
  await world.run(30 * MINUTES);
  assert.equal(world.looks, 0);
  for (const guest of guests) world.stop(guest);
  for (const guest of guests) world.start(guest);
  await world.run(30 * MINUTES);
  assert.equal(world.looks, 3);
});

test("a guest whose channel is given to it while it runs is found", async () => {
  const world = new IntrospectiveWorld();
  const guest = world.guest("vm", { channel: false, open: false });
  world.startMonitor();
  await world.run(MINUTES);
  guest.channel = true;
  world.channelChanges(guest, true);
  await world.run(MINUTES);
  assert.equal(world.stateOf(guest)?.phase, "healthy");
});
