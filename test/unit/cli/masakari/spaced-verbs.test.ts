import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ControlPlane, startControlPlane } from "../../../../src/control-plane/control-plane.ts";
import { TestServer } from "../../../support/http-server.ts";
import { KeptLog } from "../../../support/kept-log.ts";
import { runMasakariCommand } from "../../../support/masakari-command.ts";

const password = "operator-secret-of-tests";
let cloud: ControlPlane;

before(async () => {
  const user = { name: "masakari", password, project: "service", roles: ["admin"] as const };
  cloud = await startControlPlane({ database: ":memory:", users: [user], log: new KeptLog() });
});
after(async () => await cloud.close());

const masakari = async (...args: readonly string[]) =>
  await runMasakariCommand(args, {
    OS_AUTH_URL: cloud.keystoneUrl,
    OS_USERNAME: "masakari",
    OS_PASSWORD: password,
    OS_PROJECT_NAME: "service",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
  });

async function succeeds(...args: readonly string[]): Promise<string> {
  const { status, out, err } = await masakari(...args);
  assert.deepEqual([status, err], [0, ""], args.join(" "));
  return out;
}

const json = async (...args: readonly string[]) => JSON.parse(await succeeds(...args, "-f", "json"));

test("segments, hosts and notifications with openstackclient's verbs", async () => {
  const made = await json("segment", "create", "rack1", "reserved_host", "COMPUTE", "--is_enabled", "true");
  assert.deepEqual(Object.keys(made), [
    ...[
      "created_at",
      "updated_at",
      "uuid",
      "name",
      "description",
      "id",
      "service_type",
      "recovery_method",
      "is_enabled",
    ],
  ]);
  assert.deepEqual([made.name, made.recovery_method, made.is_enabled], ["rack1", "reserved_host", true]);
  await succeeds("segment", "create", "rack2");
  assert.equal((await json("segment", "update", "rack2", "--is_enabled=no", "--description", "d")).is_enabled, false);
  const names = await succeeds("segment", "list", "--filters", "recovery_method=auto", "-f", "value", "-c", "name");
  assert.equal(names, "rack2\n");
  assert.equal(await succeeds("segment", "list", "--sort", "name:asc", "-f", "value", "-c", "name"), "rack1\nrack2\n");
  assert.equal(
    await succeeds("segment", "list", "--sort", "name:asc", "--marker", "rack1", "-c", "name", "-f", "value"),
    "rack2\n",
  );
  assert.equal(
    await succeeds("segment", "list", "--sort", "name", "--limit", "1", "-c", "name", "-f", "value"),
    "rack2\n",
  );

  const host = await json(
    "segment",
    "host",
    "create",
    "compute1",
    "COMPUTE",
    "SSH",
    "rack1",
    "--on_maintenance",
    "False",
  );
  assert.deepEqual([host.name, host.failover_segment_id, host.on_maintenance], ["compute1", made.uuid, false]);
  const [listed] = await json("segment", "host", "list", "rack1", "--filters", "reserved=False;type=COMPUTE");
  assert.equal(listed.uuid, host.uuid);
  assert.equal(
    (await json("segment", "host", "update", "rack1", "compute1", "--control_attributes", "IPMI")).control_attributes,
    "IPMI",
  );
  assert.match(await succeeds("host", "list"), /^UUID .*\n.* compute1 +rack1 /);

  const payload = '{"event": "STOPPED", "process_name": "nova-compute"}';
  const sent = await json("notification", "create", "PROCESS", "compute1", "2026-11-28T06:00:00", payload);
  assert.deepEqual(sent.payload, { event: "STOPPED", process_name: "nova-compute" });
  const [notification] = await json("notification", "list", "--filters", "type=PROCESS");
  assert.equal(notification.notification_uuid, sent.notification_uuid);
  assert.equal(notification.source_host_uuid, host.uuid);
  assert.match(await succeeds("notification", "show", sent.notification_uuid, "-f", "shell"), /^status="new"$/m);

  assert.equal(await succeeds("segment", "delete", "rack2"), "Segment deleted: rack2\n");
});

test("of several segments to delete, those before the one that cannot be are deleted", async () => {
  await succeeds("segment", "create", "first");
  await succeeds("segment", "create", "second");
  const { status, out, err } = await masakari("segment", "delete", "first", "nowhere", "second");
  assert.deepEqual([status, out], [1, "Segment deleted: first\n"]);
  assert.match(err, /^masakari: there is no segment nowhere/);
});

test("what masakari-api would ignore is an error", async () => {
  for (const [args, message] of [
    [["segment", "list", "--filters", "nmae=x"], /there is no filter nmae; there are recovery_method, /],
    [["segment", "list", "--filters", "service_type"], /malformed filter service_type: give KEY=VALUE/],
    [["segment", "list", "--filters", "service_type=a;service_type=b"], /service_type is given twice/],
    [["segment", "list", "--sort", "name:up"], /unknown sort direction up: give name:asc or name:desc/],
    [["--os-ha-api-version", "2.0", "segment", "list"], /2\.0 is no version of Masakari's API/],
    [["notification", "create", "VM", "c", "2026-11-28T06:00:00", "x"], /the payload is not JSON/],
    [["--os-ha-api-version", "1.1", "segment", "create", "s", "--is_enabled", "no"], /needs version 1\.2/],
  ] as const) {
    const { status, out, err } = await masakari(...args);
    assert.deepEqual([status, out], [1, ""], args.join(" "));
    assert.match(err, message);
  }
});

test("members belong to the version of the API that is asked for", async () => {
  await succeeds("segment", "create", "versions");
  assert.ok("is_enabled" in (await json("segment", "show", "versions")));
  assert.ok(!("is_enabled" in (await json("--os-ha-api-version", "1.1", "segment", "show", "versions"))));
});

test("vmoves of a host's failure, from a Masakari that has them", async () => {
  const moves = [1, 2].map((id) => ({
    ...{ id, uuid: `0000000${id}`, notification_uuid: "n", instance_uuid: `i${id}`, instance_name: `vm${id}` },
    ...{ source_host: "c1", dest_host: "c2", start_time: "2026-11-28T06:00:00", end_time: null, type: "evacuation" },
    ...{ status: "ongoing", message: null, created_at: "2026-11-28T06:00:00", updated_at: null },
  }));
  const asked: string[] = [];
  await using api = await TestServer.start((request, response) => {
    asked.push(`${request.path} ${request.headers["openstack-api-version"] ?? ""}`);
    if (request.path === "/v1") {
      response.end('{"version": {"id": "v1.0", "status": "CURRENT", "version": "1.3", "min_version": "1.0"}}');
    } else if (request.path.includes("/vmoves?") || request.path.endsWith("/vmoves")) {
      response.end(JSON.stringify({ vmoves: moves }));
    } else response.end(JSON.stringify({ vmove: moves[1] }));
  });
  const env = { OS_ENDPOINT: `${api.origin}/v1` };
  const list = await runMasakariCommand(
    ["notification", "vmove", "list", "n", "--filters", "status=ongoing", "-f", "csv"],
    env,
  );
  assert.deepEqual([list.status, list.err], [0, ""]);
  assert.match(
    list.out,
    /^"uuid","server_id","server_name","source_host","dest_host","start_time","end_time","type","status"\n/,
  );
  assert.match(list.out, /^"00000001","i1","vm1","c1","c2","2026-11-28T06:00:00","","evacuation","ongoing"$/m);
  assert.ok(asked.includes("/v1/notifications/n/vmoves?status=ongoing instance-ha 1.3"), asked.join("\n"));
  const shown = await runMasakariCommand(["vmove-show", "n", "00000002"], env);
  assert.match(shown.out, /^instance_name +vm2$/m);
  assert.match(
    (await runMasakariCommand(["vmove-list", "n"], env)).out,
    /^UUID +SERVER .*\n00000001 +vm1 +c1 +c2 +evacuation +ongoing$/m,
  );
});

test("a notification is shown also when the engine does not respond", async () => {
  const stored = {
    ...{ id: 1, notification_uuid: "n", generated_time: "2026-11-28T06:00:00", source_host_uuid: "h" },
    ...{ type: "VM", payload: { event: "LIFECYCLE" }, status: "new" },
  };
  await using api = await TestServer.start((request, response) => {
    const version = request.headers["openstack-api-version"];
    if (request.path === "/v1") {
      response.end('{"version": {"id": "v1.0", "status": "CURRENT", "version": "1.2", "min_version": "1.0"}}');
    } else if (version === undefined) response.end(JSON.stringify({ notification: stored }));
    else {
      response.writeHead(500);
      response.end(JSON.stringify({ masakariFault: { code: 500, message: "Unexpected API Error" } }));
    }
  });
  const env = { OS_ENDPOINT: `${api.origin}/v1` };
  const { status, out, err } = await runMasakariCommand(["notification", "show", "n", "-f", "json"], env);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(out).payload, stored.payload);
  assert.ok(!("recovery_workflow_details" in JSON.parse(out)));
  assert.match(err, /returned 500.*Shown without recovery_workflow_details/);
});
