import assert from "node:assert/strict";
import { test } from "node:test";
import { Outage } from "../../../src/notify/outage.ts";
import { KeptLog } from "../../support/kept-log.ts";

const retryPolicy = { retryMax: 12, retryIntervalMs: 10_000, backoffMaxMs: 30_000 };

test("an outage is logged once at first, in sentences that end once, and so is its end", () => {
  const log = new KeptLog();
  const outage = new Outage(retryPolicy, 8, log);
  outage.failed(1000, "nothing at the endpoint. See [api].", 3);
  outage.failed(2000, "nothing at the endpoint. See [api].", 3);
  assert.equal(outage.responded(5000), true);
  assert.equal(outage.responded(6000), false);
  assert.equal(log.lines.length, 2);
  assert.match(log.lines[0] ?? "", /^warning Masakari cannot be notified: nothing .* See \[api\]\. 3 notifications/);
  assert.match(log.lines[1] ?? "", /^info Masakari answers again, after 4 s/);
});

test("how long an outage has lasted is stated from a second on", () => {
  const log = new KeptLog();
  const outage = new Outage(retryPolicy, 8, log);
  outage.failed(1000, "refused", 1);
  outage.failed(61_000, "refused", 1);
  outage.responded(61_500);
  outage.failed(200_000, "refused", 1);
  outage.responded(200_900);
  assert.deepEqual(
    log.lines.map((line) => line.replace(/[.;] .*/, "")),
    [
      "warning Masakari cannot be notified: refused",
      "warning Masakari cannot be notified (for 60 s): refused",
      "info Masakari answers again, after 61 s",
      "warning Masakari cannot be notified: refused",
      "info Masakari answers again",
    ],
  );
});
