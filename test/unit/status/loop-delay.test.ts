import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopDelay } from "../../../src/status/loop-delay.ts";
import { judge } from "../../../src/status/verdict.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { factsWith, NOW } from "../../support/health-facts.ts";
import { KeptLog } from "../../support/kept-log.ts";

test("work without an end is measured", async () => {
  const log = new KeptLog();
  const delay = new LoopDelay(systemClock, log);
  const stop = new AbortController();
  const measuring = delay.measure(stop.signal);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6500);
  await eventually("the delay to be measured", 60_000, () => delay.facts.lastBad);
  stop.abort();
  await measuring;
  assert.ok(delay.facts.worstMs >= 5000, `${delay.facts.worstMs} ms`);
  assert.match(log.lines.join("\n"), /^warning nothing in this program ran for \d+\.\d s: /);
});

test("a bad delay degrades for an hour, and a small one never", () => {
  const lastBad = { reason: "nothing in this program ran for 25.0 s: …", since: NOW - 60_000 };
  const { verdict, problems } = judge(factsWith({ delay: { worstMs: 25_000, lastBad } }), NOW);
  assert.deepEqual([verdict, problems[0]?.about, problems[0]?.reason], ["degraded", "event loop", lastBad.reason]);
  const longAgo = { ...lastBad, since: NOW - 3_600_000 };
  assert.equal(judge(factsWith({ delay: { worstMs: 25_000, lastBad: longAgo } }), NOW).verdict, "ok");
  assert.equal(judge(factsWith({ delay: { worstMs: 4000 } }), NOW).verdict, "ok");
});
