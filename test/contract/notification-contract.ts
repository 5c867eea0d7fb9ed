import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { deliverToMasakari } from "../../src/notify/masakari-delivery.ts";
import { generatedTime, type Notification } from "../../src/notify/notification.ts";
import { createSession } from "../../src/openstack/create-session.ts";
import { DuplicateNotificationError, HostNotFoundError, HostOnMaintenanceError } from "../../src/openstack/errors.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import type { Host } from "../../src/openstack/masakari-objects.ts";
import { statusError } from "./resource-contract.ts";
import { clientOf, context, signal, type Target, unique } from "./target.ts";

/** Of a kind that an engine files as ignored, so that the tests mean the same with and without one. */
const harmless = (hostname: string, more: Partial<Notification> = {}): Notification => ({
  type: "VM",
  hostname,
  generated_time: generatedTime(Date.now()),
  payload: { event: "LIFECYCLE", instance_uuid: crypto.randomUUID(), vir_domain_event: "STOPPED_DESTROYED" },
  ...more,
});

const secondsLater = (notification: Notification, seconds: number): Notification => ({
  ...notification,
  generated_time: generatedTime(Date.parse(`${notification.generated_time}Z`) + seconds * 1000),
});

/** Sending, repeating, and every refusal. */
export function notificationContract(target: Target): void {
  suite("notifications", () => {
    let host: Host;
    let resting: Host;

    before(async () => {
      const session = await createSession(target().api, context());
      const client = new MasakariClient(session);
      const body = { name: unique("segment"), recovery_method: "auto", service_type: "COMPUTE" } as const;
      const { uuid } = await client.createSegment(body, { signal: signal() });
      const named = (name: string) => ({ name: unique(name), type: "COMPUTE", control_attributes: "SSH" });
      host = await client.createHost(uuid, named("host"), { signal: signal() });
      resting = await client.createHost(uuid, { ...named("resting"), on_maintenance: true }, { signal: signal() });
      session.close();
    });

    test("are stored, shown and listed", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = harmless(host.name);
      const stored = await client.createNotification(sent, { signal: signal() });
      const { type, payload, source_host_uuid, deleted } = stored;
      assert.deepEqual(
        { type, payload, source_host_uuid, deleted },
        { type: sent.type, payload: sent.payload, source_host_uuid: host.uuid, deleted: false },
      );
      assert.equal(Date.parse(`${stored.generated_time}Z`), Date.parse(`${sent.generated_time}Z`));
      const uuid = stored.notification_uuid;
      const shown = await client.getNotification(uuid, { signal: signal() });
      assert.deepEqual([shown.notification_uuid, shown.payload], [uuid, sent.payload]);
      const listed = await client.listNotifications({}, { signal: signal() });
      assert.ok(listed.some(({ notification_uuid }) => notification_uuid === uuid));
    });

    test("of a time without a fraction, as Python writes a whole second", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = harmless(host.name, { generated_time: "2026-11-22T12:12:22" });
      const { generated_time } = await client.createNotification(sent, { signal: signal() });
      assert.equal(generated_time, "2026-11-22T12:12:22.000000");
    });

    test("sent again are duplicates, in whatever order the keys are", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = harmless(host.name);
      const again = (notification: Notification) =>
        assert.rejects(client.createNotification(notification, { signal: signal() }), DuplicateNotificationError);
      await client.createNotification(sent, { signal: signal() });
      await again(sent);
      await again({ ...sent, payload: Object.fromEntries(Object.entries(sent.payload).reverse()) });
      await again(secondsLater(sent, -3600));
    });

    test("repeated by many at once are all duplicates", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = harmless(host.name);
      await client.createNotification(sent, { signal: signal() });
      const deliver = deliverToMasakari(client);
      const attempts = await Promise.all(Array.from({ length: 8 }, () => deliver(sent, signal())));
      assert.deepEqual(new Set(attempts.map(({ outcome }) => outcome)), new Set(["duplicate"]));
    });

    test("of a later time are duplicates within the interval, and new beyond it", async (t) => {
      const client = await clientOf(t, target().api);
      const { duplicateInterval } = target();
      const sent = harmless(host.name);
      await client.createNotification(sent, { signal: signal() });
      if (duplicateInterval > 20) {
        const inside = client.createNotification(secondsLater(sent, duplicateInterval - 20), { signal: signal() });
        await assert.rejects(inside, DuplicateNotificationError);
      }
      await client.createNotification(secondsLater(sent, duplicateInterval + 20), { signal: signal() });
    });

    test("of another payload are new", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = harmless(host.name);
      await client.createNotification(sent, { signal: signal() });
      const payload = { ...sent.payload, vir_domain_event: "STOPPED_SHUTDOWN" };
      await client.createNotification({ ...sent, payload }, { signal: signal() });
    });

    test("of a host that is in no segment are refused", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = client.createNotification(harmless("in-no-segment"), { signal: signal() });
      await assert.rejects(sent, HostNotFoundError);
    });

    test("of a host on maintenance are refused", async (t) => {
      const client = await clientOf(t, target().api);
      const sent = client.createNotification(harmless(resting.name), { signal: signal() });
      await assert.rejects(sent, HostOnMaintenanceError);
    });

    test("that break the schema are refused with the reason", async (t) => {
      const client = await clientOf(t, target().api);
      const send = (change: Record<string, unknown>) =>
        client.createNotification({ ...harmless(host.name), ...change } as Notification, { signal: signal() });
      await assert.rejects(
        send({ type: "COW" }),
        statusError(400, /field\/attribute type\. Value: COW\. 'COW' is not one of/),
      );
      await assert.rejects(
        send({ payload: {} }),
        statusError(400, /'instance_uuid' is a required property|does not have enough/),
      );
      await assert.rejects(
        send({ generated_time: "yesterday" }),
        statusError(400, /field\/attribute generated_time\. Value: yesterday\./),
      );
      await assert.rejects(
        send({ hostname: "not a name" }),
        statusError(400, /field\/attribute hostname\. Value: not a name\./),
      );
      const stopped = { event: "EXPLODED", process_name: "nova-compute" };
      await assert.rejects(send({ type: "PROCESS", payload: stopped }), statusError(400, /'EXPLODED' is not one of/));
    });

    test("that there are none of: 404", async (t) => {
      const client = await clientOf(t, target().api);
      const uuid = "00000000-0000-4000-8000-00000000dead";
      await assert.rejects(
        client.getNotification(uuid, { signal: signal() }),
        statusError(404, `No notification with id ${uuid}.`),
      );
    });

    test("cannot be deleted", async (t) => {
      const session = await createSession(target().api, context());
      t.after(() => session.close());
      const path = "/notifications/00000000-0000-4000-8000-00000000dead";
      const { status } = await session.request(
        { method: "DELETE", path, headers: { Accept: "application/json" } },
        signal(),
      );
      assert.equal(status, 405);
    });

    test("delivered come to the outcome that the outbox needs", async (t) => {
      const deliver = deliverToMasakari(await clientOf(t, target().api));
      const sent = harmless(host.name);
      const outcomes = [];
      for (const one of [sent, sent, harmless("in-no-segment"), harmless(resting.name)]) {
        outcomes.push((await deliver(one, signal())).outcome);
      }
      assert.deepEqual(outcomes, ["delivered", "duplicate", "rejected", "rejected"]);
      const unprivileged = deliverToMasakari(await clientOf(t, target().member));
      assert.equal((await unprivileged(harmless(host.name), signal())).outcome, "failed");
    });
  });
}
