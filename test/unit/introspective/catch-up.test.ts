import assert from "node:assert/strict";
import { test } from "node:test";
import { IntrospectiveWorld } from "../../support/introspective-world.ts";

const MINUTES = 60_000;

/** Two guests that were notified, undelivered, and a monitor that has ended. */
async function scene() {
  const world = new IntrospectiveWorld();
  const [one, other] = [world.guest("one"), world.guest("other")];
  world.startMonitor();
  await world.run(MINUTES);
  for (const guest of [one, other]) world.hang(guest);
  await world.run(3 * MINUTES);
  assert.equal(world.standing.size, 2);
  world.stopMonitor();
  return { world, one, other };
}

test("what an earlier run left of guests is sent when each of them has once more not answered", async () => {
  const { world, one, other } = await scene();
  const from = world.mono;
  world.startMonitor();
  assert.equal(world.caughtUpAt, undefined, "a survey does not show whether they answer");
  await world.run(5 * MINUTES);
  const caughtUpAt = world.caughtUpAt ?? Number.NaN;
  for (const { uuid } of [one, other]) {
    assert.ok(
      world.pings.some((ping) => ping.uuid === uuid && ping.at >= from && ping.at < caughtUpAt),
      uuid,
    );
  }
  assert.equal(world.standing.size, 2);
});

test("of a guest that answers again, or has ended, nothing is sent", async () => {
  const { world, one, other } = await scene();
  world.hang(one, false);
  world.stop(other);
  let standing: number | undefined;
  world.onDecision = (_, __, effects) => {
    if (effects.some(({ kind }) => kind === "caughtUp")) standing ??= world.standing.size;
  };
  world.startMonitor();
  await world.run(MINUTES);
  assert.equal(standing, 0);
});

test("where nothing was notified, nothing is waited for", () => {
  const world = new IntrospectiveWorld();
  world.guest("well");
  world.startMonitor();
  assert.equal(world.caughtUpAt, world.mono);
});

test("libvirt that does not answer a ping proves nothing; the next one that is answered does", async () => {
  const { world, one, other } = await scene();
  world.fate = () => ({ ms: 40_000, outcome: "unknown" });
  world.startMonitor();
  await world.run(5 * MINUTES);
  assert.equal(world.caughtUpAt, undefined);
  world.fate = () => undefined;
  for (const guest of [one, other]) world.hang(guest, false);
  await world.run(5 * MINUTES);
  assert.ok(world.caughtUpAt !== undefined);
  assert.equal(world.standing.size, 0);
});
