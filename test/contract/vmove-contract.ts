import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { generatedTime, type Notification } from "../../src/notify/notification.ts";
import { createSession } from "../../src/openstack/create-session.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import type { Host } from "../../src/openstack/masakari-objects.ts";
import { statusError } from "./resource-contract.ts";
import { clientOf, context, signal, type Target, unique } from "./target.ts";

const nothing = "00000000-0000-4000-8000-00000000dead";
const latest = { microversion: "latest" } as const;

/** Of a kind that an engine files as ignored. */
const harmless = (hostname: string): Notification => ({
  type: "COMPUTE_HOST",
  hostname,
  generated_time: generatedTime(Date.now()),
  payload: { event: "STOPPED", host_status: "UNKNOWN", cluster_status: "OFFLINE" },
});

/** What microversion 1.3 brought, and what an API without it does. */
export function vmoveContract(target: Target): void {
  suite("vmoves", () => {
    let host: Host;
    let hasVmoves: boolean;
    /** Of a notification of the host's. */
    let uuid: string;

    before(async () => {
      const session = await createSession(target().api, context());
      const client = new MasakariClient(session);
      const { version } = await client.version({ signal: signal() });
      hasVmoves = version === "1.3";
      const body = { name: unique("segment"), recovery_method: "auto", service_type: "COMPUTE" } as const;
      const segment = await client.createSegment(body, { signal: signal() });
      const named = { name: unique("host"), type: "COMPUTE", control_attributes: "SSH" };
      host = await client.createHost(segment.uuid, named, { signal: signal() });
      uuid = (await client.createNotification(harmless(host.name), { signal: signal() })).notification_uuid;
      session.close();
    });

    test("there are none before an engine makes some; before 1.3 there is no such path", async (t) => {
      const client = await clientOf(t, target().api);
      const one = client.getVmove(uuid, nothing, { signal: signal(), ...latest });
      await assert.rejects(one, statusError(404, hasVmoves ? `No vm move with id ${nothing}.` : /could not be found/));
      const list = client.listVmoves(uuid, { status: "failed", type: "evacuation" }, { signal: signal(), ...latest });
      if (hasVmoves) assert.deepEqual(await list, []);
      else await assert.rejects(list, statusError(404, /could not be found/));
    });

    test("1.3 is refused by an API that does not have it", async (t) => {
      const client = await clientOf(t, target().api);
      const list = client.listSegments({ limit: 1 }, { signal: signal(), microversion: "1.3" });
      if (hasVmoves) await list;
      else
        await assert.rejects(list, statusError(406, /^Version 1\.3 is not supported by the API\. Minimum is 1\.0 and/));
    });

    test("only notifications of hosts have some", async (t) => {
      const client = await clientOf(t, target().api);
      const payload = { event: "LIFECYCLE", instance_uuid: nothing, vir_domain_event: "STOPPED_DESTROYED" };
      const sent = { ...harmless(host.name), type: "VM", payload } as const;
      const { notification_uuid: ofGuest } = await client.createNotification(sent, { signal: signal() });
      const of = (notification: string) => client.listVmoves(notification, {}, { signal: signal(), ...latest });
      if (!hasVmoves) return await assert.rejects(of(ofGuest), statusError(404, /could not be found/));
      await assert.rejects(of(ofGuest), statusError(400, `This notification ${ofGuest} without vm moves.`));
      await assert.rejects(of(nothing), statusError(404, `No notification with id ${nothing}.`));
      const bad = client.listVmoves(nothing, { limit: -1 }, { signal: signal(), ...latest });
      await assert.rejects(bad, statusError(400, /limit must be >= 0/));
    });

    test("are an administrator's", async (t) => {
      const client = await clientOf(t, target().member);
      const list = client.listVmoves(nothing, {}, { signal: signal(), ...latest });
      await assert.rejects(list, statusError(hasVmoves ? 403 : 404, /vmoves:index to be performed|could not be found/));
    });

    test("with them a notification names its segment and has a message, at every microversion", async (t) => {
      const client = await clientOf(t, target().api);
      const { failover_segment_uuid, message } = await client.getNotification(uuid, { signal: signal() });
      assert.deepEqual(
        [failover_segment_uuid, message],
        hasVmoves ? [host.failover_segment_id, null] : [undefined, undefined],
      );
    });
  });
}
