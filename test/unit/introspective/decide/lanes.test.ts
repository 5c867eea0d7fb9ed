import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTES, monitoredHost } from "../../../support/introspective-monitored-host.ts";

test("the pings of guests that have stopped hold their lanes until they end", async () => {
  const { world, guests } = await monitoredHost(Array.from({ length: 40 }, (_, index) => `vm-${index * 7919}`));
  for (const guest of guests) world.hang(guest);
  await world.run(60_000);
  for (let times = 0; times < 30; times++) {
    await world.run(700);
    for (const { uuid, ping } of [...world.state.guests.values()]) {
      const guest = guests.find((one) => one.uuid === uuid);
      if (guest && ping) world.stop(guest);
    }
  }
  assert.ok(world.mostInFlight <= 4, `${world.mostInFlight} in flight`);
  await world.run(10 * MINUTES);
  assert.ok(
    [...world.state.guests.values()].every(({ id }) => id !== -1),
    "what is left of a stopped guest stays",
  );
});

test("one lane free: it goes to the guest that is well, however long a suspected one has waited", async () => {
  const { world, guests } = await monitoredHost(["a", "b", "c", "d", "e", "f"], {
    max_agent_commands: 2,
    max_suspect_commands: 1,
  });
  for (const guest of guests.slice(0, 5)) world.hang(guest);
  await world.run(2 * MINUTES);
  const since = world.mono;
  await world.run(5 * MINUTES);
  const late = world.pings.filter(({ uuid, at }) => uuid === "f" && at >= since).map((ping) => ping.late);
  assert.ok(late.length >= 29 && Math.max(...late) === 0, `late by ${late.join(", ")}`);
});

test("guests whose report depends on it are pinged before those that are reported", async () => {
  const { world, guests } = await monitoredHost(["a", "b", "c", "d", "e"], { max_suspect_commands: 1 });
  for (const guest of guests.slice(0, 4)) world.hang(guest);
  await world.run(5 * MINUTES);
  assert.equal(world.notified.length, 4);
  const since = world.mono;
  const last = guests.at(-1);
  assert.ok(last);
  world.hang(last);
  while (world.notified.length < 5 && world.mono < since + 10 * MINUTES) await world.run(100);
  // Three rounds, each at most one ping of a reported guest later.
  assert.ok(world.mono - since <= 10_000 + 2 * 15_000 + 5000, `notified after ${world.mono - since} ms`);
});
