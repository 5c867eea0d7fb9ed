import assert from "node:assert/strict";
import { test } from "node:test";
import { Conditions } from "../../../src/status/conditions.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

test("a condition says since when it has been so, whatever reasons it is given meanwhile", async () => {
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const began = clock.now();
  conditions.set("libvirt", "not connected yet");
  await clock.advance(1000);
  conditions.set("libvirt", "connection refused");
  assert.deepEqual(conditions.all.get("libvirt"), { problem: "connection refused", since: began });

  conditions.set("libvirt", undefined);
  const well = clock.now();
  await clock.advance(1000);
  conditions.set("libvirt", undefined);

  assert.deepEqual(conditions.all.get("libvirt"), { problem: undefined, since: well });
  assert.equal(conditions.all.size, 1);
});
