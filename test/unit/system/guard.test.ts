import assert from "node:assert/strict";
import { test } from "node:test";
import { Guard } from "../../../src/system/guard.ts";
import { KeptLog } from "../../support/kept-log.ts";

test("a failure is logged once until it succeeds again, whatever is thrown, and ends nothing", async () => {
  const log = new KeptLog();
  const guard = new Guard("looking", log);
  const failures: readonly unknown[] = [new Error("one"), "two", Object.create(null)];
  for (const failure of failures) {
    const fails = () => {
      throw failure;
    };
    assert.equal(await guard.run(fails), undefined);
    assert.equal(await guard.run(() => Promise.reject(failure)), undefined);
    assert.equal(await guard.run(() => 7), 7);
  }
  assert.deepEqual(log.lines, [
    "error Defect: looking failed: one; please report this line",
    "error Defect: looking failed: two; please report this line",
    "error Defect: looking failed: something without a text was thrown; please report this line",
  ]);
});
