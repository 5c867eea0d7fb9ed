import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPeace, watchInvariants } from "./process-invariants.ts";
import { scheduleOf } from "./process-schedule.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 2000);
const FIRST_SEED = Number(process.env.SEED ?? 1);

test(`${SCHEDULES} bad days of a host: each failure notified once, nothing healthy touched`, () => {
  const totals = { notified: 0, runs: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const { world, play } = scheduleOf(seed);
    watchInvariants(world);
    try {
      play();
      checkPeace(world);
    } catch (error) {
      const story = world.log.slice(-60).join("\n");
      throw new Error(`SEED=${seed} SCHEDULES=1 shows it again. The last of it:\n${story}`, { cause: error });
    }
    totals.notified += world.notified.length;
    totals.runs += world.runs.length;
  }
  // A schedule that never gets anywhere would prove nothing.
  assert.ok(totals.notified > SCHEDULES / 2, `only ${totals.notified} notifications`);
  assert.ok(totals.runs > SCHEDULES * 5, `only ${totals.runs} commands`);
});

test("one seed is one day", () => {
  const [one, other] = [scheduleOf(42), scheduleOf(42)];
  one.play();
  other.play();
  assert.deepEqual(one.world.log, other.world.log);
});
