import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLateness, watchInvariants } from "./introspective-invariants.ts";
import { scheduleOf } from "./introspective-schedule.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 200);
const FIRST_SEED = Number(process.env.SEED ?? 1);

test(`${SCHEDULES} bad days of guests: every hang told once, nobody healthy, no ping late, lanes kept, libvirt left as it was`, () => {
  const totals = { notified: 0, superseded: 0, pings: 0, shortened: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const { world, occupies, play } = scheduleOf(seed);
    const watch = watchInvariants(world);
    try {
      play();
      watch.checkPeace();
      const well = [...world.guests.values()].filter((guest) => !guest.everHung).map(({ uuid }) => uuid);
      // The first ping that finds an agent occupied takes 30 s, of any lane.
      if (!occupies) checkLateness(world, new Set(well));
    } catch (error) {
      const story = world.log.slice(-60).join("\n");
      throw new Error(`SEED=${seed} SCHEDULES=1 shows it again. The last of it:\n${story}`, { cause: error });
    }
    totals.notified += world.notified.length;
    totals.superseded += world.superseded.length;
    totals.pings += world.pings.length;
    totals.shortened += world.shortened;
  }
  // A schedule that never gets anywhere would prove nothing.
  assert.ok(totals.notified > SCHEDULES, `only ${totals.notified} notifications`);
  assert.ok(totals.superseded > SCHEDULES / 2, `only ${totals.superseded} taken back`);
  assert.ok(totals.pings > SCHEDULES * 100, `only ${totals.pings} pings`);
  assert.ok(totals.shortened > SCHEDULES, `only ${totals.shortened} response time-outs shortened`);
});

test("one seed is one day", () => {
  const [one, other] = [scheduleOf(42), scheduleOf(42)];
  one.play();
  other.play();
  assert.deepEqual(one.world.log, other.world.log);
});
