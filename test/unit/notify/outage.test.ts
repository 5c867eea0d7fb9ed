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
  assert.match(
    log.lines[0] ?? "",
    /^warning Masakari cannot be notified \(for 0 s\): nothing .* See \[api\]\. 3 notifications/,
  );
  assert.match(log.lines[1] ?? "", /^info Masakari answers again, after 4 s/);
});
