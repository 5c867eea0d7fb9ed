import assert from "node:assert/strict";
import { test } from "node:test";
import { Conditions } from "../../../src/status/conditions.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const LIBVIRT = { name: "libvirt", consequence: "nothing is seen" };

test("a condition says since when it has been so, whatever reasons it is given meanwhile", async () => {
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const began = clock.now();
  conditions.set(LIBVIRT, "not connected yet");
  await clock.advance(1000);
  conditions.set(LIBVIRT, "connection refused");
  assert.deepEqual(conditions.all.get("libvirt"), {
    problem: "connection refused",
    consequence: "nothing is seen",
    since: began,
  });

  conditions.set(LIBVIRT, undefined);
  const well = clock.now();
  await clock.advance(1000);
  conditions.set(LIBVIRT, undefined);

  assert.deepEqual(conditions.all.get("libvirt"), { problem: undefined, consequence: "nothing is seen", since: well });
  assert.equal(conditions.all.size, 1);
});
