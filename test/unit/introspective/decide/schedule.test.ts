import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntrospectiveSettings } from "../../../../src/introspective/observation.ts";
import type { RealGuest } from "../../../support/introspective-guest.ts";
import { IntrospectiveWorld } from "../../../support/introspective-world.ts";

const MINUTES = 60_000;
const INTERVAL_MS = 10_000;

/** Guests that have answered, each with a place of its own in the interval. */
async function host(count: number, settings: Partial<IntrospectiveSettings> = {}) {
  const world = new IntrospectiveWorld(settings);
  const guests = Array.from({ length: count }, (_, index) => world.guest(`vm-${index}-${(index * 7919) % 1009}`));
  world.startMonitor();
  await world.run(2 * INTERVAL_MS);
  return { world, guests, since: world.mono };
}

/** The most that a ping of these guests was late since then, ms. */
function lateness(world: IntrospectiveWorld, guests: readonly RealGuest[], since: number): number {
  const uuids = new Set(guests.map(({ uuid }) => uuid));
  return Math.max(...world.pings.filter(({ uuid, at }) => uuids.has(uuid) && at >= since).map(({ late }) => late));
}

/** From `since` to each notification, ms, in order. */
function reports(world: IntrospectiveWorld, since: number): readonly number[] {
  return world.notified.map(({ at }) => at - since);
}

for (const suspect_response_timeout of [0, 1, 2]) {
  for (const hung of [1, 6, 20]) {
    await test(`${hung} hung of 100, suspect_response_timeout ${suspect_response_timeout}: all reported, nobody else, no ping late, four commands at most`, async () => {
      const { world, guests, since } = await host(100, { suspect_response_timeout });
      const [targets, well] = [guests.slice(0, hung), guests.slice(hung)];
      for (const target of targets) world.hang(target);
      await world.run(5 * MINUTES);
      assert.deepEqual(new Set(world.notifiedGuests), new Set(targets.map(({ uuid }) => uuid)));
      assert.equal(world.notified.length, hung);
      assert.ok(world.mostInFlight <= 4, `${world.mostInFlight} in flight`);
      const late = lateness(world, well, since);
      assert.ok(late <= INTERVAL_MS, `a healthy guest's ping was ${late} ms late`);
      for (const { uuid } of well) {
        const pings = world.pings.filter((ping) => ping.uuid === uuid && ping.at >= since).length;
        assert.ok(pings >= 29, `${uuid} was pinged ${pings} times in 5 minutes`);
      }
    });
  }
}

test("with suspect_response_timeout 20 hung are reported within one interval of what a single one may take", async () => {
  const { world, guests, since } = await host(100, { suspect_response_timeout: 2 });
  for (const target of guests.slice(0, 20)) world.hang(target);
  await world.run(5 * MINUTES);
  const last = reports(world, since).at(-1) ?? Number.POSITIVE_INFINITY;
  // A single one that hangs right after its ping: three intervals, and the last ping's 2 s.
  assert.ok(last <= 3 * INTERVAL_MS + 2000 + INTERVAL_MS, `the last of them after ${last} ms`);
});

for (const every of [500, 1000, 2000]) {
  await test(`a guest hangs every ${every} ms, forty of them: no healthy guest's ping is late by an interval`, async () => {
    const { world, guests, since } = await host(100);
    for (const target of guests.slice(0, 40)) {
      world.hang(target);
      await world.run(every);
    }
    await world.run(3 * MINUTES);
    assert.equal(world.notified.length, 40);
    const late = lateness(world, guests.slice(40), since);
    assert.ok(late <= INTERVAL_MS, `a healthy guest's ping was ${late} ms late`);
  });
}

test("more guests than can be pinged in an interval: those that hang are reported all the same, and the others pinged", async () => {
  const { world, guests, since } = await host(600);
  // Four lanes for 48 s of pings in each 10 s.
  world.fate = (uuid) => (world.guests.get(uuid)?.hung ? undefined : { ms: 80, outcome: "responded" });
  for (const target of guests.slice(0, 5)) world.hang(target);
  await world.run(3 * MINUTES);
  assert.equal(world.notified.length, 5);
  const well = guests.slice(5);
  assert.ok(lateness(world, well, since) <= 2 * INTERVAL_MS);
});

test("guests that rest get their turn however many others are suspected", async () => {
  const { world, guests } = await host(61, { check_io: true });
  const [resting, ...others] = guests;
  assert.ok(resting);
  world.hang(resting);
  await world.run(2 * MINUTES);
  assert.equal(world.stateOf(resting)?.phase, "reported");
  // Their agents hang, they themselves do not: they stay suspected for ever, and are more than their lanes can take.
  for (const other of others) world.hang(other);
  const since = world.mono;
  while (world.mono < since + 10 * MINUTES) {
    for (const other of others) other.requests++;
    await world.run(5000);
  }
  const pings = world.pings.filter(({ uuid, at }) => uuid === resting.uuid && at > since + 2 * MINUTES);
  assert.ok(pings.length >= 3, `pinged ${pings.length} times in 8 minutes`);
});
