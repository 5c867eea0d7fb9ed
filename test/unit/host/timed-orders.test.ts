import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { disarm, readOrders } from "../../../src/host/orders.ts";

const moment = { now: { wall: Date.UTC(2026, 10, 28), mono: 1000 }, bootId: "boot" };

test("an order whose length is no length of time is ignored: its end would be no date", (context) => {
  const statePath = mkdtempSync(join(tmpdir(), "orders-"));
  context.after(() => rmSync(statePath, { recursive: true }));
  disarm(statePath, { seconds: 3600, reason: "work", by: "root" }, moment);
  assert.equal(readOrders(statePath, moment).disarmed?.reason, "work (root)");
  const path = join(statePath, "hostmonitor.disarm.json");
  const text = readFileSync(path, "utf8");
  for (const seconds of ["1e300", "-1e300", '"3600"', "null"]) {
    writeFileSync(path, text.replace('"seconds":3600', `"seconds":${seconds}`));
    assert.deepEqual(readOrders(statePath, moment), {}, seconds);
  }
});
