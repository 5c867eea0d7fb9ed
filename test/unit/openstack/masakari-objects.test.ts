import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ResponseError } from "../../../src/http/errors.ts";
import type { MasakariClient } from "../../../src/openstack/masakari.ts";
import { capture } from "../../support/capture.ts";
import { json } from "../../support/http-server.ts";
import { useMasakari } from "../../support/masakari-client.ts";

const options = { signal: new AbortController().signal };
const recorded = (number: string, key: string) => JSON.parse(capture(number).response.body)[key];
const host = recorded("012", "host");
const segment = host.failover_segment;
const stored = recorded("026", "notification");

const reading = async (body: unknown, action: (client: MasakariClient) => Promise<unknown>): Promise<unknown> =>
  (await useMasakari((_, response) => json(response, 200, body), action)).result;

suite("a member of a response that is not as masakari-api documents it is named in the error", () => {
  for (const [problem, body, action] of [
    [
      "hosts.1.name: .* Expected string but received null",
      { hosts: [host, { ...host, name: null }] },
      (client) => client.listHosts("s", {}, options),
    ],
    [
      'hosts.0.on_maintenance: .* received "yes"',
      { hosts: [{ ...host, on_maintenance: "yes" }] },
      (client) => client.listHosts("s", {}, options),
    ],
    [
      "hosts.0.failover_segment.enabled",
      { hosts: [{ ...host, failover_segment: { ...segment, enabled: 1 } }] },
      (client) => client.listHosts("s", {}, options),
    ],
    ["hosts: .* Expected Array", { hosts: {} }, (client) => client.listHosts("s", {}, options)],
    ["segments.0: .* received null", { segments: [null] }, (client) => client.listSegments({}, options)],
    ["segments: ", {}, (client) => client.listSegments({}, options)],
    ["segment.id: ", { segment: { ...segment, id: "1" } }, (client) => client.updateSegment("s", {}, options)],
    [
      "notifications.0.payload: ",
      { notifications: [{ ...stored, payload: "STOPPED" }] },
      (client) => client.listNotifications({}, options),
    ],
    [
      "notification.generated_time: ",
      { notification: { ...stored, generated_time: 0 } },
      (client) => client.getNotification("n", options),
    ],
    ["not JSON", "<html>Sign in</html>", (client) => client.listSegments({}, options)],
  ] as readonly (readonly [string, unknown, (client: MasakariClient) => Promise<unknown>])[]) {
    test(problem, async () => {
      const error = await reading(body, action);
      assert.ok(error instanceof ResponseError, String(error));
      assert.match(error.message, new RegExp(`not a body as masakari-api sends it \\(${problem}`));
    });
  }

  test("on one line, however long the value is and whatever it contains", async () => {
    const value = `\u001b[2J\n${"x".repeat(10_000)}`;
    const error = await reading({ segments: [{ ...segment, enabled: value }] }, (client) =>
      client.listSegments({}, options),
    );
    assert.ok(error instanceof ResponseError);
    assert.ok(error.message.length < 1000 && !/\p{Cc}/u.test(error.message), error.message);
  });
});

test("members that this program does not know stay in what is read", async () => {
  const newer = { ...host, capacity: { vcpus: 4 } };
  assert.deepEqual(await reading({ hosts: [newer] }, (client) => client.listHosts("s", {}, options)), [newer]);
});

test("a host of an old API, whose segments have no `enabled`, is read", async () => {
  const { enabled: _, ...old } = segment;
  const hosts = [{ ...host, failover_segment: old }];
  assert.deepEqual(await reading({ hosts }, (client) => client.listHosts("s", {}, options)), hosts);
});

test("a notification that Masakari has accepted is delivered, however strange the rest of the response is", async () => {
  const body = { notification: { notification_uuid: "b6c9061c", payload: null, type: 7 } };
  const notification = { type: "PROCESS", hostname: "vm", generated_time: "2026-11-22T12:12:22", payload: {} };
  const result = await reading(body, (client) => client.createNotification(notification, options));
  assert.equal((result as { notification_uuid: string }).notification_uuid, "b6c9061c");
});

test("what an older database may hold makes no list unreadable: a NULL for a boolean, something else than text in a payload", async () => {
  const old = { ...host, on_maintenance: null, reserved: null, failover_segment: { ...segment, enabled: null } };
  assert.deepEqual(await reading({ hosts: [old] }, (client) => client.listHosts("s", {}, options)), [old]);
  const odd = { ...stored, payload: { ...stored.payload, attempt: 3 } };
  const read = await reading({ notifications: [odd] }, (client) => client.listNotifications({}, options));
  assert.deepEqual(read, [odd]);
});
