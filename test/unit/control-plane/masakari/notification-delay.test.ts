import assert from "node:assert/strict";
import { test } from "node:test";
import { randomDelay } from "../../../../src/control-plane/masakari/notification-delay.ts";
import { logIn, startFor } from "../../../support/control-plane.ts";
import { registerHost, sendNotification } from "../../../support/control-plane-hosts.ts";

test("a notification is delayed by a part of the maximum", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let over = false;
  const waiting = randomDelay(
    5,
    () => 0.4,
  )?.(new AbortController().signal).then(() => {
    over = true;
  });
  context.mock.timers.tick(1_999);
  await Promise.resolve();
  assert.equal(over, false);
  context.mock.timers.tick(1);
  await waiting;
  assert.equal(over, true);
});

test("no maximum is no delay", () => assert.equal(randomDelay(0), undefined));

test("one that waits is refused when the control plane stops, to be sent again", async () => {
  const stop = new AbortController();
  const waiting = randomDelay(3600, () => 1)?.(stop.signal);
  stop.abort();
  await assert.rejects(waiting ?? Promise.resolve(), { name: "ApiFault", code: 503 });
});

test("a delayed notification is stored", async (context) => {
  const cloud = await startFor(context, { notificationDelayMax: 0.01 });
  const token = await logIn(cloud);
  await registerHost(cloud, token, "h1");
  await sendNotification(cloud, token, "h1");
});
