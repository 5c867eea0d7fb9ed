import assert from "node:assert/strict";
import { test } from "node:test";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { checkPeace, watchInvariants } from "./process-invariants.ts";
import { retitlingOf } from "./process-titles.ts";

const SCHEDULES = schedulesOr(400);

const totalsOfAll = await playBeforeTests(async () => {
  const totals = { titles: 0, deaths: 0, restarts: 0 };
  await playSchedules(SCHEDULES, (seed) => {
    const { world, play, counts } = retitlingOf(seed);
    watchInvariants(world);
    return {
      history: world.log,
      play: async () => {
        await play();
        checkPeace(world);
        assert.equal(world.notified.length, 0, "every restart works, and Masakari is notified");
        totals.titles += counts.titles;
        totals.deaths += counts.deaths;
        totals.restarts += counts.ownRestarts;
      },
    };
  });
  return totals;
});

test(`${SCHEDULES} hosts whose programs rewrite their command lines: none that runs is restarted or notified, each that ends is noticed`, () => {
  const totals = totalsOfAll();
  assert.ok(totals.titles > SCHEDULES * 20, `only ${totals.titles} titles`);
  assert.ok(totals.deaths > SCHEDULES, `only ${totals.deaths} deaths`);
  assert.ok(totals.restarts > SCHEDULES, `only ${totals.restarts} restarts by the supervisor`);
});
