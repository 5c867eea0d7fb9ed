import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTES, monitoredHost } from "../../../support/introspective-monitored-host.ts";

test("a monitor that is restarted neither forgets who has answered nor reports again", async () => {
  const { world, guests } = await monitoredHost(["one", "two"]);
  const [one, two] = guests;
  assert.ok(one && two);
  world.hang(one);
  await world.run(MINUTES);
  world.stopMonitor();
  world.hang(two);
  await world.run(MINUTES);
  world.startMonitor();
  await world.run(2 * MINUTES);
  assert.deepEqual(world.notifiedGuests, ["one", "two"]);
  world.hang(one, false);
  await world.run(MINUTES);
  assert.deepEqual([...world.standing.keys()], ["two"]);
});

test("another boot of the host: everything is new, and notifications of before are superseded", async () => {
  const { world, guests } = await monitoredHost(["one", "two"]);
  for (const guest of guests) world.hang(guest);
  await world.run(MINUTES);
  assert.equal(world.standing.size, 2);
  world.stopMonitor();
  world.bootId = "boot-2";
  world.startMonitor();
  assert.equal(world.standing.size, 0);
  await world.run(10 * MINUTES);
  assert.equal(world.notified.length, 2);
});

test("libvirtd away: nothing is counted; a start that was missed leads to discovery", async () => {
  const { world, guests } = await monitoredHost(["one", "two"]);
  const [one, two] = guests;
  assert.ok(one && two);
  world.hang(one);
  while ((world.stateOf(one)?.failures ?? 0) < 2) await world.run(100);
  world.disconnect();
  world.stop(two);
  world.start(two);
  await world.run(10 * MINUTES);
  world.hang(two);
  world.connect();
  // Rounds before the gap and after it are not in a row.
  await world.run(12_000);
  assert.deepEqual(world.notified, []);
  await world.run(10 * MINUTES);
  assert.deepEqual(world.notifiedGuests, ["one"]);
});
