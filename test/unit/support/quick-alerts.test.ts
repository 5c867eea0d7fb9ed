import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { alertNames, alertRules, quickAlertRules } from "../../support/quick-alerts.ts";

test("the quick alert rules differ from the real ones in durations alone", () => {
  const lines = (text: string) => text.split("\n");
  const real = lines(readFileSync(alertRules, "utf8"));
  const quick = lines(quickAlertRules());
  assert.equal(quick.length, real.length);
  const changed = real.flatMap((line, at) => (line === quick[at] ? [] : [`${line.trim()} | ${quick[at]?.trim()}`]));
  const ages = changed.filter((line) => !line.startsWith("for: "));
  assert.deepEqual(ages, [
    "expr: time() - masakari_monitor_last_progress_timestamp_seconds > 3 * masakari_monitor_expected_progress_interval_seconds | " +
      "expr: time() - masakari_monitor_last_progress_timestamp_seconds > 0.1 * masakari_monitor_expected_progress_interval_seconds",
    "expr: time() - masakari_monitor_outbox_oldest_pending_timestamp_seconds > 300 | " +
      "expr: time() - masakari_monitor_outbox_oldest_pending_timestamp_seconds > 2",
  ]);
  for (const line of changed) if (!ages.includes(line)) assert.match(line, /^for: \w+ \| for: 1s$/);
  assert.equal(real.filter((line) => line.trim().startsWith("for: ")).length, changed.length - ages.length);
});

test("a duration that is not found is an error; every alert is found", () => {
  assert.throws(() => quickAlertRules("groups: []"), /the alert rules have no/);
  assert.equal(alertNames().length, readFileSync(alertRules, "utf8").split("alert: ").length - 1);
});
