import assert from "node:assert/strict";
import { test } from "node:test";
import { Counts } from "../../../src/monitor/counts.ts";

test("what is counted is kept by counter and labels; durations as a histogram", () => {
  const counts = new Counts();
  counts.add("a", { x: "1" });
  counts.add("a", { x: "1" });
  counts.add("a", { x: "2" });
  counts.add("b", {}, 2000);
  const [one, two, durations] = counts.all;
  assert.deepEqual([one?.value, two?.value, counts.all.length], [2, 1, 3]);
  assert.ok(typeof durations?.value === "object");
  assert.deepEqual([durations.value.count, durations.value.sumSeconds], [1, 2]);
});

test("labels that never end take no memory without end", () => {
  const counts = new Counts();
  for (let name = 0; name < 10_000; name++) counts.add("a", { name: String(name) });
  assert.ok(counts.all.length <= 2000);
});
