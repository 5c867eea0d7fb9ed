import assert from "node:assert/strict";
import { test } from "node:test";
import { outageRefillMs, retryDelay } from "../../../src/notify/retry-policy.ts";

const retryPolicy = { retryMax: 3, retryIntervalMs: 10_000, backoffMaxMs: 60_000 };

test("api_retry_max waits of api_retry_interval, then doubling up to the cap", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => retryDelay(retryPolicy, failures, 0));
  assert.deepEqual(waits, [10_000, 10_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

test("jitter takes off up to half, of the back-off only", () => {
  assert.equal(retryDelay(retryPolicy, 1, 0.99), 10_000);
  assert.equal(retryDelay(retryPolicy, 4, 0.5), 15_000);
  assert.ok(retryDelay(retryPolicy, 1000, 0.999_999) >= 30_000);
});

test("an interval of 0 does not become a busy loop", () => {
  const eager = { ...retryPolicy, retryIntervalMs: 0 };
  assert.equal(retryDelay(eager, 3, 0), 0);
  assert.equal(retryDelay(eager, 4, 0), 2000);
  assert.ok(outageRefillMs(eager, 0, 8) > 0);
});

test("an interval above the cap is kept", () => {
  assert.equal(retryDelay({ ...retryPolicy, retryIntervalMs: 120_000 }, 9, 0), 120_000);
});

test("an outage earns the burst per interval at first, per longest back-off later", () => {
  assert.equal(outageRefillMs(retryPolicy, 0, 8), 1250);
  assert.equal(outageRefillMs(retryPolicy, 30_001, 8), 7500);
});
