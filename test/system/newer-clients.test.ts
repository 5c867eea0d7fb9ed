import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ControlPlane } from "../../src/control-plane/control-plane.ts";
import type { VmoveFields } from "../../src/control-plane/masakari/vmoves/store.ts";
import { runToEnd } from "../support/child.ts";
import { startTestControlPlane, testUsers } from "../support/control-plane.ts";
import { runMasakariCommand } from "../support/masakari-command.ts";
import { Side } from "../support/same-world.ts";
import { missingNewer, newer } from "./openstack/newer.ts";
import { openstackCommands } from "./openstack/openstack-commands.ts";
import { type OpenStackServers, startOpenStack } from "./openstack/servers.ts";

const script = (name: string): string => fileURLToPath(new URL(`openstack/python/${name}.py`, import.meta.url));
/** Of sdk-vmoves.py. */
const CALLS = 40;
const prefix = `newer-${randomUUID().slice(0, 8)}`;

/** What an engine left of the guests of one host. */
const vmoves: readonly VmoveFields[] = (["succeeded", "failed", "pending", "succeeded"] as const).map(
  (status, number) => ({
    instance_uuid: `00000000-0000-4000-8000-0000000000${number}0`,
    instance_name: `guest-${number}`,
    source_host: `${prefix}-h`,
    dest_host: status === "succeeded" ? `${prefix}-other` : null,
    start_time: status === "pending" ? null : Date.UTC(2026, 10, 28, 6, 0, number),
    end_time: status === "pending" ? null : Date.UTC(2026, 10, 28, 6, 1, number),
    type: number === 3 ? "live_migration" : "evacuation",
    status,
    message: status === "failed" ? 'No "valid" host was found\nBüro' : null,
  }),
);

/** One of the two clouds that are compared. */
interface Cloud {
  readonly env: Readonly<Record<string, string>>;
  /** Notifications: of a host, of a guest, and of the host again. */
  readonly ofHost: string;
  readonly ofGuest: string;
  readonly another: string;
}

/** Options of every output format. */
const formats = (kind: "list" | "object"): string[][] => [
  [],
  ...["json", "yaml", "value", kind === "list" ? "csv" : "shell"].map((format) => ["-f", format]),
];

const environment = (authUrl: string, username: string, password: string, project: string) => ({
  ...{ OS_AUTH_URL: authUrl, OS_USERNAME: username, OS_PASSWORD: password, OS_PROJECT_NAME: project },
  ...{ OS_USER_DOMAIN_NAME: "Default", OS_PROJECT_DOMAIN_NAME: "Default", OS_REGION_NAME: "RegionOne" },
  ...{ ...newer.env, PYTHONWARNINGS: "ignore" },
});

/** Sets up a host with one notification of each kind. */
async function setUp(env: Readonly<Record<string, string>>): Promise<Cloud> {
  const masakari = async (...words: readonly string[]): Promise<Record<string, string>> => {
    const { status, out, err } = await runMasakariCommand([...words, "-f", "json"], env);
    assert.equal(status, 0, err);
    return JSON.parse(out) as Record<string, string>;
  };
  const host = `${prefix}-h`;
  await masakari("segment", "create", prefix);
  await masakari("segment", "host", "create", host, "COMPUTE", "SSH", prefix);
  const notify = async (type: string, payload: object) =>
    await masakari("notification", "create", type, host, "2026-11-28T06:00:00", JSON.stringify(payload));
  const { notification_uuid: ofHost = "" } = await notify("COMPUTE_HOST", { event: "STOPPED", host_status: "NORMAL" });
  const guest = { event: "LIFECYCLE", instance_uuid: randomUUID(), vir_domain_event: "STOPPED_FAILED" };
  const { notification_uuid: ofGuest = "" } = await notify("VM", guest);
  const { notification_uuid: another = "" } = await notify("COMPUTE_HOST", { event: "STARTED", host_status: "NORMAL" });
  return { env, ofHost, ofGuest, another };
}

/** As masakari-engine writes them. */
function writeVmoves(file: string, notification: string): void {
  const database = new DatabaseSync(file);
  const time = (ms: number | null) =>
    ms === null ? null : new Date(ms).toISOString().replace("T", " ").replace("Z", "000");
  const insert = database.prepare(
    `INSERT INTO vmoves (created_at, deleted, uuid, notification_uuid, instance_uuid, instance_name, source_host, dest_host,
       start_time, end_time, type, status, message)
     VALUES ('2026-11-28 06:00:00.000000', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  database
    .prepare("UPDATE notifications SET status = 'finished', updated_at = created_at WHERE notification_uuid = ?")
    .run(notification);
  for (const vmove of vmoves) {
    insert.run(
      ...[randomUUID(), notification, vmove.instance_uuid, vmove.instance_name, vmove.source_host, vmove.dest_host],
      ...[time(vmove.start_time), time(vmove.end_time), vmove.type, vmove.status, vmove.message],
    );
  }
  database.close();
}

describe("Debian 13's clients at the embedded control plane and at Debian 13's masakari-api", {
  skip: await missingNewer(),
}, () => {
  let servers: OpenStackServers;
  let controlPlane: ControlPlane;
  let real: Cloud;
  let own: Cloud;

  before(async () => {
    servers = await startOpenStack({ engine: false, duplicateInterval: 0, isNewer: true });
    const { keystoneUrl, monitors, masakariDatabase } = servers.address;
    controlPlane = await startTestControlPlane({ duplicateInterval: 0 });
    const [admin] = testUsers;
    real = await setUp(environment(keystoneUrl, monitors.username, monitors.password, monitors.project));
    own = await setUp(environment(controlPlane.keystoneUrl, admin.name, admin.password, admin.project));
    writeVmoves(masakariDatabase, real.ofHost);
    controlPlane.recordRecovery(own.ofHost, { status: "finished", vmoves });
  });
  after(async () => await Promise.all([servers.stop(), controlPlane.close()]));

  /** What came of each call, without what is random. */
  async function outcomes({ env }: Cloud, name: string, ...words: readonly string[]): Promise<unknown[]> {
    const output = await runToEnd("/usr/bin/python3", [script(name), ...words], { env });
    const names = new Side();
    return (JSON.parse(output) as unknown[]).map((outcome) => {
      const text = JSON.stringify(outcome, (key, value: unknown) => (key === "location" ? undefined : value));
      // An id that was sent in capitals is quoted in them.
      return JSON.parse(
        names.normalise(text.replaceAll(/[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}/g, (id) => id.toLowerCase())),
      ) as unknown;
    });
  }

  test("openstacksdk has vmoves, in lists, pages, filters and errors", async () => {
    const of = async (cloud: Cloud) => await outcomes(cloud, "sdk-vmoves", cloud.ofHost, cloud.ofGuest, cloud.another);
    const [expected, actual] = [await of(real), await of(own)];
    assert.equal(actual.length, CALLS);
    for (const [index, outcome] of expected.slice(0, -2).entries())
      assert.deepEqual(actual[index], outcome, `call ${index}`);
    // A vmove below a notification that is not its own, and below none: upstream shows the one and fails on the other.
    const brief = (outcome: unknown) =>
      (outcome as unknown[]).slice(0, 3).map((part) => (Array.isArray(part) ? part.length : part));
    assert.deepEqual(expected.slice(-2).map(brief), [
      ["get_vmove", 1],
      ["get_vmove", "HttpException", 500],
    ]);
    assert.deepEqual(actual.slice(-2).map(brief), Array(2).fill(["get_vmove", "NotFoundException", 404]));
  });

  test("openstacksdk gets segments, hosts and notifications, call by call", async () => {
    const [expected, actual] = [await outcomes(real, "sdk-calls", prefix), await outcomes(own, "sdk-calls", prefix)];
    assert.equal(actual.length, 38);
    for (const [index, outcome] of expected.entries()) assert.deepEqual(actual[index], outcome, `call ${index}`);
  });

  test("masakari prints what openstackclient does, of vmoves too", async () => {
    const { env, ofHost, ofGuest } = own;
    const masakari = (...words: readonly string[]) => runMasakariCommand(words, env);
    const uuids = JSON.parse((await masakari("notification", "vmove", "list", ofHost, "-f", "json")).out) as {
      uuid: string;
    }[];
    const uuid = uuids[1]?.uuid ?? assert.fail("no vmove");
    const list = ["notification", "vmove", "list", ofHost];
    const show = ["notification", "vmove", "show", ofHost, uuid];
    const commands = [
      ...formats("list").map((format) => [...list, ...format]),
      ...formats("object").map((format) => [...show, ...format]),
      [...list, "--filters", "status=succeeded;type=evacuation", "-f", "json"],
      [...list, "--filters", "status=nothing", "-f", "json"],
      [...list, "--sort", "start_time:asc,status:desc", "-f", "value", "-c", "server_name", "-c", "status"],
      [...list, "--sort-column", "dest_host", "--sort-descending"],
      ...[
        "segment list",
        `segment show ${prefix}`,
        `segment host list ${prefix}`,
        `segment host show ${prefix} ${prefix}-h`,
      ]
        .map((words) => words.split(" "))
        .flatMap((words) => formats(words.includes("list") ? "list" : "object").map((format) => [...words, ...format])),
      ...formats("list").map((format) => ["notification", "list", ...format]),
      ["notification", "show", ofHost, "-f", "json"],
      ["notification", "show", ofGuest],
      ["notification", "vmove", "list", ofGuest],
      ["notification", "vmove", "list", randomUUID()],
      ["notification", "vmove", "show", ofHost, randomUUID()],
      ["notification", "vmove", "show", ofHost],
      [...list, "--filters", "status"],
      [...list, "--sort", "status:up"],
    ];
    const theirs = await openstackCommands(commands, env);
    for (const [index, words] of commands.entries()) {
      const { status, out } = await masakari(...words);
      const expected = theirs[index] ?? assert.fail("no outcome");
      assert.deepEqual([status, out], [expected.status, expected.out], words.join(" "));
    }
  });
});
