import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPeace, watchInvariants } from "./process-invariants.ts";
import { retitlingOf } from "./process-titles.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 400);
const FIRST_SEED = Number(process.env.SEED ?? 1);

test(`${SCHEDULES} hosts whose programs rewrite their command lines: none that runs is restarted or notified, each that ends is noticed`, () => {
  const totals = { titles: 0, deaths: 0, restarts: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const { world, play, counts } = retitlingOf(seed);
    watchInvariants(world);
    try {
      play();
      checkPeace(world);
      assert.equal(world.notified.length, 0, "every restart works, and Masakari is notified");
    } catch (error) {
      const story = world.log.slice(-60).join("\n");
      throw new Error(`SEED=${seed} SCHEDULES=1 shows it again. The last of it:\n${story}`, { cause: error });
    }
    totals.titles += counts.titles;
    totals.deaths += counts.deaths;
    totals.restarts += counts.ownRestarts;
  }
  assert.ok(totals.titles > SCHEDULES * 20, `only ${totals.titles} titles`);
  assert.ok(totals.deaths > SCHEDULES, `only ${totals.deaths} deaths`);
  assert.ok(totals.restarts > SCHEDULES, `only ${totals.restarts} restarts by the supervisor`);
});
