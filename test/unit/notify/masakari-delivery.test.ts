import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionError, ResponseError, TimeoutError, TlsError } from "../../../src/http/errors.ts";
import { deliverToMasakari } from "../../../src/notify/masakari-delivery.ts";
import type { Notification } from "../../../src/notify/notification.ts";
import {
  AuthenticationError,
  BadRequestError,
  CatalogError,
  DuplicateNotificationError,
  HostNotFoundError,
  HostOnMaintenanceError,
  HttpStatusError,
} from "../../../src/openstack/errors.ts";
import type { StoredNotification } from "../../../src/openstack/masakari-objects.ts";

const notification: Notification = {
  type: "PROCESS",
  hostname: "compute1",
  generated_time: "2026-11-22T12:12:22.726000",
  payload: { event: "STOPPED", process_name: "nova-compute" },
};

const signal = new AbortController().signal;
const attempt = (error: unknown) =>
  deliverToMasakari({ createNotification: () => Promise.reject(error) })(notification, signal);

test("202 is delivered, with the uuid to look for", async () => {
  const stored = { notification_uuid: "u1" } as StoredNotification;
  const seen: unknown[] = [];
  const deliver = deliverToMasakari({
    createNotification: (body, options) => {
      seen.push(body, options.signal);
      return Promise.resolve(stored);
    },
  });
  assert.deepEqual(await deliver(notification, signal), { outcome: "delivered", notificationUuid: "u1" });
  assert.deepEqual(seen, [notification, signal]);
});

test("a UUID of megabytes does not reach the log or the disk", async () => {
  const stored = { notification_uuid: "u".repeat(4_000_000) } as StoredNotification;
  const came = await deliverToMasakari({ createNotification: () => Promise.resolve(stored) })(notification, signal);
  assert.ok(came.outcome === "delivered" && came.notificationUuid?.length === 64);
});

test("a duplicate is known to have arrived", async () => {
  assert.deepEqual(await attempt(new DuplicateNotificationError("m", 409, "d")), { outcome: "duplicate" });
});

test("a refusal names the way out", async () => {
  for (const [error, reason] of [
    [
      new HostOnMaintenanceError("m", 409, "d"),
      /compute1 is on maintenance.*masakari host-update compute1 --on-maintenance false.*openstack segment host update/,
    ],
    [
      new HostNotFoundError("m", 400, "d"),
      /compute1 is in no segment: masakari host-create compute1 --segment SEGMENT/,
    ],
    [new BadRequestError("m", 400, "Invalid input for field/attribute type."), /does not accept it: Invalid input/],
  ] as const) {
    const came = await attempt(error);
    assert.equal(came.outcome, "rejected");
    assert.match("reason" in came ? came.reason : "", reason);
  }
});

for (const error of [
  new HttpStatusError("returned 400 by something else", 400, "d"),
  new HttpStatusError("returned 401", 401, "d"),
  new HttpStatusError("returned 403", 403, "d"),
  new HttpStatusError("returned 404", 404, "d"),
  new HttpStatusError("returned 409 without a known reason", 409, "d"),
  new HttpStatusError("returned 413", 413, "d"),
  new HttpStatusError("returned 500", 500, "d"),
  new HttpStatusError("returned 503", 503, "d"),
  new AuthenticationError("wrong password"),
  new CatalogError("no endpoint"),
  new ConnectionError("refused"),
  new TimeoutError("timed out"),
  new TlsError("untrusted"),
  new ResponseError("a login page"),
  new Error("anything else"),
]) {
  test(`${error.message}: no response about the notification, so it is kept`, async () => {
    assert.deepEqual(await attempt(error), { outcome: "failed", reason: error.message });
  });
}
