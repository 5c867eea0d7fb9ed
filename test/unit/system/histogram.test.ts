import assert from "node:assert/strict";
import { test } from "node:test";
import { Histogram } from "../../../src/system/histogram.ts";

test("each bucket counts the durations up to its bound, in seconds; one above all bounds is only in the total", () => {
  const histogram = new Histogram();
  for (const ms of [1, 40, 2000, 90_000_000]) histogram.record(ms);
  const { count, sumSeconds, buckets } = histogram.counts;
  const of = new Map(buckets);
  assert.equal(count, 4);
  assert.ok(Math.abs(sumSeconds - 90_002.041) < 1e-6, String(sumSeconds));
  assert.deepEqual(
    [of.get(0.001), of.get(0.01), of.get(0.05), of.get(1), of.get(5), of.get(86_400)],
    [1, 1, 2, 2, 3, 3],
  );
});

test("a negative duration counts as none", () => {
  const histogram = new Histogram();
  histogram.record(-5);
  assert.deepEqual([histogram.counts.sumSeconds, histogram.counts.buckets[0]], [0, [0.001, 1]]);
});
