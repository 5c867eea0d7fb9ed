import assert from "node:assert/strict";
import { test } from "node:test";
import { StateDirectory } from "../support/harness/state-directory.ts";
import { playBeforeTests } from "../support/play-before-tests.ts";
import { playSchedules, schedulesOr } from "../support/seeds.ts";
import { checkLateness, watchInvariants } from "./introspective-invariants.ts";
import { scheduleOf } from "./introspective-schedule.ts";

const SCHEDULES = schedulesOr(200);
/** One schedule in so many has its state in a real database. */
const ON_DISK = 10;

const totalsOfAll = await playBeforeTests(async () => {
  const disk = new StateDirectory();
  const totals = { notified: 0, superseded: 0, pings: 0, shortened: 0 };
  await playSchedules(SCHEDULES, (seed) => {
    const onDisk = seed % ON_DISK === 0;
    if (onDisk) disk.empty();
    const { world, occupies, play } = scheduleOf(seed, onDisk ? () => disk.open() : undefined);
    const watch = watchInvariants(world);
    return {
      history: world.log,
      play: async () => {
        await play();
        watch.checkPeace();
        world.stopMonitor();
        const well = [...world.guests.values()].filter((guest) => !guest.everHung).map(({ uuid }) => uuid);
        // The first ping that finds an agent occupied takes 30 s, of any lane.
        if (!occupies) checkLateness(world, new Set(well));
        totals.notified += world.notified.length;
        totals.superseded += world.superseded.length;
        totals.pings += world.pings.length;
        totals.shortened += world.shortened;
      },
    };
  });
  return totals;
});

const sameDayTwice = await playBeforeTests(async () => {
  const [one, other] = [scheduleOf(42), scheduleOf(42)];
  await one.play();
  await other.play();
  return [one.world.log, other.world.log];
});

test(`${SCHEDULES} bad days of guests: every hang notified once, nobody healthy, no ping late, lanes kept, libvirt left as it was`, () => {
  const totals = totalsOfAll();
  // A schedule that never gets anywhere would prove nothing.
  assert.ok(totals.notified > SCHEDULES, `only ${totals.notified} notifications`);
  assert.ok(totals.superseded > SCHEDULES / 2, `only ${totals.superseded} taken back`);
  assert.ok(totals.pings > SCHEDULES * 100, `only ${totals.pings} pings`);
  assert.ok(totals.shortened > SCHEDULES, `only ${totals.shortened} response time-outs shortened`);
});

test("one seed is one day", () => {
  const [one, other] = sameDayTwice();
  assert.deepEqual(one, other);
});
