import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HttpStatusError } from "../../src/openstack/errors.ts";
import { MasakariClient } from "../../src/openstack/masakari.ts";
import type { SegmentBody } from "../../src/openstack/masakari-objects.ts";
import { clientOf, sessionOf, signal, type Target, unique } from "./target.ts";

const segment = (name = unique("segment")): SegmentBody => ({ name, recovery_method: "auto", service_type: "COMPUTE" });
const host = (name = unique("host")) => ({ name, type: "COMPUTE", control_attributes: "SSH" });

/** Passes for an HttpStatusError with this status and text of the server. */
export const statusError = (status: number, detail: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof HttpStatusError, String(error));
  if (typeof detail === "string") assert.deepEqual([error.status, error.detail], [status, detail]);
  else {
    assert.equal(error.status, status);
    assert.match(error.detail, detail);
  }
  return true;
};

const nothing = "00000000-0000-4000-8000-00000000dead";

/** Versions, segments, hosts, and the errors that are not about one resource. */
export function resourceContract(target: Target): void {
  suite("segments", () => {
    test("are created, shown, listed, changed and deleted", async (t) => {
      const session = await sessionOf(t, target().api);
      const client = new MasakariClient(session);
      const body = { ...segment(), description: "Grüße" };
      const created = await client.createSegment(body, { signal: signal() });
      const { name, recovery_method, service_type, description, enabled, updated_at, deleted } = created;
      assert.deepEqual({ name, recovery_method, service_type, description }, body);
      assert.deepEqual({ enabled, updated_at, deleted }, { enabled: true, updated_at: null, deleted: false });
      assert.match(created.created_at ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$/);
      const show = {
        method: "GET",
        path: `/segments/${created.uuid}`,
        headers: { Accept: "application/json" },
      } as const;
      const shown = await session.request(show, signal());
      assert.partialDeepStrictEqual(JSON.parse(shown.body.toString()), { segment: created });
      const listed = await client.listSegments({}, { signal: signal() });
      assert.deepEqual(
        listed.find(({ uuid }) => uuid === created.uuid),
        created,
      );
      const changed = await client.updateSegment(created.uuid, { description: null }, { signal: signal() });
      assert.equal(changed.description, null);
      assert.notEqual(changed.updated_at, null);
      await client.deleteSegment(created.uuid, { signal: signal() });
      const gone = statusError(404, `No failover segment with id ${created.uuid}.`);
      assert.equal((await session.request(show, signal())).status, 404);
      await assert.rejects(client.deleteSegment(created.uuid, { signal: signal() }), gone);
    });

    test("have names of their own", async (t) => {
      const client = await clientOf(t, target().api);
      const body = segment();
      const created = await client.createSegment(body, { signal: signal() });
      const taken = statusError(409, `Failover segment with name ${body.name} already exists.`);
      await assert.rejects(client.createSegment(body, { signal: signal() }), taken);
      await client.deleteSegment(created.uuid, { signal: signal() });
    });

    test("can be disabled from 1.2 on", async (t) => {
      const client = await clientOf(t, target().api);
      const body = { ...segment(), enabled: false };
      await assert.rejects(
        client.createSegment(body, { signal: signal() }),
        statusError(400, /'enabled' was unexpected/),
      );
      const created = await client.createSegment(body, { signal: signal(), microversion: "1.2" });
      assert.equal(created.enabled, false);
      await client.deleteSegment(created.uuid, { signal: signal() });
    });
  });

  suite("hosts", () => {
    test("are created, shown, listed, changed and deleted", async (t) => {
      const session = await sessionOf(t, target().api);
      const client = new MasakariClient(session);
      const { uuid: home } = await client.createSegment(segment(), { signal: signal() });
      const body = { ...host(), reserved: true };
      const created = await client.createHost(home, body, { signal: signal() });
      const { name, type, control_attributes, reserved, on_maintenance, failover_segment_id } = created;
      assert.deepEqual({ name, type, control_attributes, reserved }, body);
      assert.deepEqual({ on_maintenance, failover_segment_id }, { on_maintenance: false, failover_segment_id: home });
      assert.equal(created.failover_segment?.uuid, home);
      assert.deepEqual(await client.getHost(home, created.uuid, { signal: signal() }), created);
      assert.deepEqual(await client.listHosts(home, {}, { signal: signal() }), [created]);
      const changed = await client.updateHost(home, created.uuid, { on_maintenance: true }, { signal: signal() });
      assert.equal(changed.on_maintenance, true);
      await client.deleteHost(home, created.uuid, { signal: signal() });
      await assert.rejects(
        client.getHost(home, created.uuid, { signal: signal() }),
        statusError(404, `Host '${created.uuid}' under failover_segment '${home}' could not be found.`),
      );
      await client.deleteSegment(home, { signal: signal() });
    });

    test("have names of their own, over all segments", async (t) => {
      const client = await clientOf(t, target().api);
      const { uuid: one } = await client.createSegment(segment(), { signal: signal() });
      const { uuid: two } = await client.createSegment(segment(), { signal: signal() });
      const body = host();
      await client.createHost(one, body, { signal: signal() });
      const taken = statusError(409, `Host with name ${body.name} already exists.`);
      await assert.rejects(client.createHost(two, body, { signal: signal() }), taken);
      for (const uuid of [one, two]) await client.deleteSegment(uuid, { signal: signal() });
    });

    test("need a segment that is there", async (t) => {
      const client = await clientOf(t, target().api);
      const missing = statusError(404, `No failover segment with id ${nothing}.`);
      await assert.rejects(client.createHost(nothing, host(), { signal: signal() }), missing);
      await assert.rejects(client.listHosts(nothing, {}, { signal: signal() }), missing);
    });
  });

  suite("microversions", () => {
    test("from 1.0 to at least 1.2", async (t) => {
      const client = await clientOf(t, target().api);
      const { id, status, version, min_version } = await client.version({ signal: signal() });
      assert.deepEqual({ id, status, min_version }, { id: "v1.0", status: "CURRENT", min_version: "1.0" });
      assert.match(version ?? "", /^1\.([2-9]|\d\d)$/);
      for (const microversion of ["1.0", "1.1", version, "latest"]) {
        assert.ok(Array.isArray(await client.listSegments({ limit: 1 }, { signal: signal(), microversion })));
      }
    });

    test("that there is none of: 406, and what there is", async (t) => {
      const client = await clientOf(t, target().api);
      const { version } = await client.version({ signal: signal() });
      await assert.rejects(
        client.listSegments({}, { signal: signal(), microversion: "1.99" }),
        statusError(406, `Version 1.99 is not supported by the API. Minimum is 1.0 and maximum is ${version}.`),
      );
    });

    test("that is none: 400", async (t) => {
      const client = await clientOf(t, target().api);
      await assert.rejects(
        client.listSegments({}, { signal: signal(), microversion: "one" }),
        statusError(400, /invalid format/),
      );
    });
  });

  suite("a request for nothing that there is", () => {
    const nowhere = { method: "GET", path: "/nonsense" } as const;

    test("is a page of HTML for whoever takes anything, as the monitors do", async (t) => {
      const session = await sessionOf(t, target().api);
      const { status, headers, body } = await session.request({ ...nowhere, headers: { Accept: "*/*" } }, signal());
      assert.equal(status, 404);
      assert.match(headers["content-type"] ?? "", /^text\/html/);
      assert.match(body.toString(), /<h1>404 Not Found<\/h1>/);
    });

    test("is JSON for whoever asks for that", async (t) => {
      const session = await sessionOf(t, target().api);
      const { status, body } = await session.request({ ...nowhere, headers: { Accept: "application/json" } }, signal());
      assert.equal(status, 404);
      assert.equal(JSON.parse(body.toString()).code, "404 Not Found");
    });
  });

  test("a user without the role admin is refused, whatever it asks", async (t) => {
    const client = await clientOf(t, target().member);
    const refused = (action: string) =>
      statusError(403, `Policy doesn't allow os_masakari_api:${action} to be performed.`);
    await assert.rejects(client.listSegments({}, { signal: signal() }), refused("segments:index"));
    await assert.rejects(client.createSegment(segment(), { signal: signal() }), refused("segments:create"));
    await assert.rejects(client.listNotifications({}, { signal: signal() }), refused("notifications:index"));
  });
}
