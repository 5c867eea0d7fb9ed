import assert from "node:assert/strict";
import { test } from "node:test";
import { Standstill } from "../../../src/notify/standstill.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function open() {
  const clock = new VirtualClock();
  const standstill = new Standstill(clock);
  /** A timer of this delay fires so much too late, and the wall clock is set by so much meanwhile. All in ms. */
  return (delayMs: number, lateMs: number, stepMs = 0): number => {
    const due = clock.now().mono + delayMs;
    clock.stall(delayMs + lateMs);
    clock.stepWall(stepMs);
    standstill.fired(due);
    return standstill.leftMs;
  };
}

test("a timer that is late, or a clock that was set, has the sending rest for 5 s; a busy moment does not", () => {
  const fires = open();
  assert.ok(fires(1000, 200) <= 0);
  assert.ok(fires(1000, 5000, 59_000) <= 0);
  assert.equal(fires(1000, 5001), 5000);
  assert.equal(fires(2000, 0), 3000);
  assert.ok(fires(3000, 0) <= 0);
  assert.equal(fires(1000, 0, -61_000), 5000);
});

test("on a machine on which every timer is late it rests for 30 s at most, and then sends before it rests again", () => {
  const fires = open();
  let [left, rested] = [fires(1000, 6000), 0];
  while (left > 0) {
    rested += left + 6000;
    left = fires(left, 6000);
  }
  assert.ok(rested >= 25_000 && rested <= 36_000, `${rested} ms`);
  assert.equal(fires(1000, 6000), 5000);
});
