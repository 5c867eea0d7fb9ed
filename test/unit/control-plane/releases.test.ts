import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { callMasakari, logIn, startFor } from "../../support/control-plane.ts";
import { registerHost, sendNotification } from "../../support/control-plane-hosts.ts";
import { rawRequest } from "../../support/raw-request.ts";

type Members = Record<string, unknown>;

async function get(cloud: ControlPlane, token: string, path: string, version?: string): Promise<Members> {
  const headers = version === undefined ? {} : { "openstack-api-version": `instance-ha ${version}` };
  const { status, body } = await callMasakari(cloud, token, "GET", path, undefined, headers);
  assert.equal(status, 200, body);
  return JSON.parse(body) as Members;
}

const common = ["id", "notification_uuid", "generated_time", "source_host_uuid", "type", "payload", "status"];
const stamps = ["created_at", "updated_at", "deleted_at", "deleted"];

describe("the release 1.3", () => {
  test("shows a notification's segment and message at every microversion, 1.2 shows neither", async (context) => {
    for (const [release, more] of [
      ["1.3", ["failover_segment_uuid", "message"]],
      ["1.2", []],
    ] as const) {
      const cloud = await startFor(context, { release });
      const token = await logIn(cloud);
      const { segment } = await registerHost(cloud, token, "h1");
      const sent = (await sendNotification(cloud, token, "h1")) as Members;
      assert.deepEqual(Object.keys(sent), [...common, ...more, ...stamps]);
      if (release === "1.3") assert.equal(sent.failover_segment_uuid, segment);
      const shown = (await get(cloud, token, `/notifications/${sent.notification_uuid}`, "1.1")).notification;
      assert.deepEqual(Object.keys(shown as Members), [...common, "recovery_workflow_details", ...more, ...stamps]);
    }
  });

  test("has the microversion and the extension, 1.2 has neither", async (context) => {
    for (const release of ["1.3", "1.2"] as const) {
      const cloud = await startFor(context, { release });
      const token = await logIn(cloud);
      const { version } = (await get(cloud, token, "", "latest")).version as Members;
      assert.equal(version, release);
      const extensions = (await get(cloud, token, "/extensions")).extensions as Members[];
      assert.equal(extensions.length, release === "1.3" ? 6 : 5);
      const newest = await callMasakari(cloud, token, "GET", "/segments", undefined, {
        "openstack-api-version": "instance-ha 1.3",
      });
      assert.equal(newest.status, release === "1.3" ? 200 : 406);
    }
  });

  test("calls itself instance-ha and leaves a refused microversion out, as masakari 22.0.0; 14.0.2 does neither", async (context) => {
    const headersOf = async (cloud: ControlPlane, version: string) => {
      const asked = { "openstack-api-version": `instance-ha ${version}` };
      const { status, headers } = await callMasakari(cloud, await logIn(cloud), "GET", "/segments", undefined, asked);
      return [status, headers["openstack-api-version"], headers.vary];
    };
    const vary = "OpenStack-API-Version";
    const newer = await startFor(context);
    assert.deepEqual(await headersOf(newer, "1.1"), [200, "instance-ha 1.1", vary]);
    assert.deepEqual(await headersOf(newer, "1.9"), [406, undefined, vary]);
    const older = await startFor(context, { release: "1.2" });
    assert.deepEqual(await headersOf(older, "1.1"), [200, "masakari 1.1", vary]);
    assert.deepEqual(await headersOf(older, "1.9"), [406, "instance-ha 1.9", vary]);
  });

  test("responds to a health check without a token; 1.2 takes it for a lost request", async (context) => {
    const cloud = await startFor(context);
    const url = cloud.masakariUrl.replace(/\/v1$/, "/healthcheck");
    const types: [accept: string, type: string, body: RegExp][] = [
      ["*/*", "text/plain; charset=UTF-8", /^OK$/],
      ["image/png", "text/plain; charset=UTF-8", /^OK$/],
      ["application/json", "application/json", /^\{\n {4}"detailed": false,\n {4}"reasons": \[\n {8}"OK"\n {4}\]\n\}$/],
      ["text/html", "text/html; charset=UTF-8", /<TD>OK<\/TD>/],
    ];
    for (const [accept, type, expected] of types) {
      const { status, headers, body } = await rawRequest(url, "GET", { accept });
      assert.deepEqual([status, headers["content-type"]], [200, type]);
      assert.match(body, expected);
    }
    assert.equal((await rawRequest(url, "HEAD")).status, 204);
    const older = await startFor(context, { release: "1.2" });
    assert.equal((await rawRequest(older.masakariUrl.replace(/\/v1$/, "/healthcheck"), "GET")).status, 300);
  });
});

describe("what an engine left", () => {
  const guest = {
    instance_uuid: "ca580503-cd91-4a41-acce-1e31e94b4e6e",
    instance_name: "vm1",
    source_host: "h1",
    dest_host: "h2",
    start_time: Date.UTC(2026, 10, 22, 11, 49, 34),
    end_time: null,
    type: "evacuation",
    message: null,
  } as const;
  const tasks = [
    {
      name: "EvacuateInstancesTask",
      progress: 1,
      progress_details: [{ timestamp: "2026-11-22 11:49:34.460649", progress: "0.7", message: "moved" }],
      state: "SUCCESS",
    },
  ];

  test("is shown: status, message, workflow and where each guest went", async (context) => {
    const cloud = await startFor(context);
    const token = await logIn(cloud);
    const { segment, host } = await registerHost(cloud, token, "h1");
    const { notification_uuid: uuid } = (await sendNotification(cloud, token, "h1", { type: "COMPUTE_HOST" })) as {
      notification_uuid: string;
    };
    cloud.recordRecovery(uuid, {
      status: "finished",
      message: "all moved",
      tasks,
      hostOnMaintenance: true,
      vmoves: [
        { ...guest, status: "succeeded" },
        { ...guest, instance_name: "vm2", status: "failed" },
      ],
    });
    const { body } = await callMasakari(cloud, token, "GET", `/notifications/${uuid}`, undefined, {
      "openstack-api-version": "instance-ha 1.1",
    });
    assert.match(
      body,
      /"recovery_workflow_details": \[\{"name": "EvacuateInstancesTask", "progress": 1\.0, "progress_details": \[\{"timestamp": "2026-11-22 11:49:34\.460649", "progress": "0\.7", "message": "moved"\}\], "state": "SUCCESS"\}\], "failover_segment_uuid": "[^"]+", "message": "all moved"/,
    );
    const listed = (await get(cloud, token, "/notifications?status=finished")).notifications as Members[];
    assert.equal(listed.length, 1);
    assert.equal(listed[0]?.recovery_workflow_details, undefined);
    const shown = (await get(cloud, token, `/segments/${segment}/hosts/${host}`)).host as Members;
    assert.equal(shown.on_maintenance, true);

    const path = `/notifications/${uuid}/vmoves`;
    const vmoves = (await get(cloud, token, path)).vmoves as Members[];
    assert.deepEqual(Object.keys(vmoves[0] ?? {}), [
      ...["id", "uuid", "notification_uuid", "instance_uuid", "instance_name", "source_host", "dest_host"],
      ...["start_time", "end_time", "type", "status", "message", ...stamps],
    ]);
    assert.deepEqual(
      vmoves.map(({ instance_name, start_time, end_time }) => ({ instance_name, start_time, end_time })),
      [
        { instance_name: "vm2", start_time: "2026-11-22T11:49:34.000000", end_time: null },
        { instance_name: "vm1", start_time: "2026-11-22T11:49:34.000000", end_time: null },
      ],
    );
    const failed = (await get(cloud, token, `${path}?status=failed&type=evacuation`)).vmoves as Members[];
    assert.deepEqual(
      failed.map(({ instance_name }) => instance_name),
      ["vm2"],
    );
    assert.deepEqual((await get(cloud, token, `${path}/${failed[0]?.uuid}`)).vmove, failed[0]);
  });

  test("has no vmoves for a process or a guest, nor what is not there", async (context) => {
    const cloud = await startFor(context);
    const token = await logIn(cloud);
    await registerHost(cloud, token, "h1");
    const { notification_uuid: uuid } = (await sendNotification(cloud, token, "h1")) as { notification_uuid: string };
    const refused = async (path: string) => {
      const { status, body } = await callMasakari(cloud, token, "GET", path);
      return [status, Object.values(JSON.parse(body) as Record<string, { message: string }>)[0]?.message];
    };
    assert.deepEqual(await refused(`/notifications/${uuid}/vmoves`), [
      400,
      `This notification ${uuid} without vm moves.`,
    ]);
    assert.deepEqual(await refused("/notifications/x/vmoves"), [404, "No notification with id x."]);
    const { notification_uuid: other } = (await sendNotification(cloud, token, "h1", { type: "COMPUTE_HOST" })) as {
      notification_uuid: string;
    };
    assert.deepEqual(await refused(`/notifications/${other}/vmoves/x`), [404, "No vm move with id x."]);
  });

  test("decides whether segment and host may be changed", async (context) => {
    const cloud = await startFor(context);
    const token = await logIn(cloud);
    const { segment, host } = await registerHost(cloud, token, "h1");
    const { notification_uuid: uuid } = (await sendNotification(cloud, token, "h1")) as { notification_uuid: string };
    const put = async (path: string, body: unknown) => (await callMasakari(cloud, token, "PUT", path, body)).status;
    const change = () =>
      Promise.all([
        put(`/segments/${segment}`, { segment: { description: `${Math.random()}` } }),
        put(`/segments/${segment}/hosts/${host}`, { host: { control_attributes: `${Math.random()}` } }),
      ]);
    for (const status of ["running", "error"] as const) {
      cloud.recordRecovery(uuid, { status });
      assert.deepEqual(await change(), [409, 409], status);
    }
    for (const status of ["finished", "ignored", "failed"] as const) {
      cloud.recordRecovery(uuid, { status });
      assert.deepEqual(await change(), [200, 200], status);
    }
  });
});
