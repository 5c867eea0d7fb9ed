import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { ResponseError } from "../../../src/http/errors.ts";
import {
  BadRequestError,
  DuplicateNotificationError,
  HostNotFoundError,
  HostOnMaintenanceError,
  HttpStatusError,
} from "../../../src/openstack/errors.ts";
import type { MasakariClient } from "../../../src/openstack/masakari.ts";
import { capture } from "../../support/capture.ts";
import { type Handler, json } from "../../support/http-server.ts";
import { useMasakari } from "../../support/masakari-client.ts";

const signal = new AbortController().signal;
const notification = {
  type: "PROCESS",
  hostname: "vm",
  generated_time: "2026-11-22T12:12:22",
  payload: { event: "STOPPED" },
};

const replay =
  (number: string): Handler =>
  (_, response) => {
    const { start, headers, body } = capture(number).response;
    response.writeHead(Number(start.split(" ")[1]), { "Content-Type": headers["Content-Type"] }).end(body);
  };

suite("responses to a notification", () => {
  for (const [number, kind, status, message] of [
    ["072", DuplicateNotificationError, 409, /of type VM is duplicate/],
    ["164", HostOnMaintenanceError, 409, /host4 .*already under maintenance/],
    ["077", HostNotFoundError, 400, /Host with name nowhere could not be found/],
    ["104", HttpStatusError, 400, /Malformed request body/],
    ["068", HttpStatusError, 403, /Policy doesn't allow .*needs the role admin/],
    ["111", HttpStatusError, 404, /404 Not Found: The resource could not be found/],
    ["137", HttpStatusError, 404, /No notification with id [-\w]+\.$/],
    ["167", HttpStatusError, 409, /in-use to process notifications\. \(until masakari-engine has finished them; /],
    ["114", HttpStatusError, 413, /Request is too large/],
    ["106", HttpStatusError, 500, /either erred or is incapable/],
  ] as const) {
    test(`${number}: ${kind.name}`, async () => {
      const { result } = await useMasakari(replay(number), (client) =>
        client.createNotification(notification, { signal }),
      );
      assert.ok(result instanceof kind, inspect(result));
      assert.equal(result.constructor, kind);
      assert.equal(result.status, status);
      assert.match(result.message, message);
      assert.match(result.message, /^POST http:\/\/127\.0\.0\.1:\d+\/v1\/notifications returned/);
    });
  }

  test("202 with the notification", async () => {
    const { result } = await useMasakari(replay("026"), (client) =>
      client.createNotification(notification, { signal }),
    );
    assert.equal((result as { notification_uuid: string }).notification_uuid, "b6c9061c-ac2c-4e81-a05b-01f2656126cf");
  });

  test("200 with somebody's login page is no success", async () => {
    const { result } = await useMasakari(
      (_, response) => void response.end("<html>Sign in</html>"),
      (client) => client.createNotification(notification, { signal }),
    );
    assert.ok(result instanceof ResponseError);
  });

  test("a token or password that the response quotes is not shown", async () => {
    const { result } = await useMasakari(
      (request, response) =>
        json(response, 500, { fault: { message: `${request.headers["x-auth-token"]} masakari-secret` } }),
      (client) => client.createNotification(notification, { signal }),
    );
    assert.match(inspect(result), /returned 500: \*\*\* \*\*\*/);
    assert.doesNotMatch(inspect(result, { depth: 10 }), /token-1-of|masakari-secret/);
  });
});

suite("requests", () => {
  const sent = async (action: (client: MasakariClient) => Promise<unknown>, given: unknown = {}) => {
    const { calls } = await useMasakari((_, response) => json(response, 200, given), action);
    const { method, path, body, headers } = calls[0] ?? assert.fail("nothing was sent");
    return { line: `${method} ${path}`, body, headers };
  };

  test("a notification without a microversion, everything accepted, and in Python's JSON", async () => {
    const { line, body, headers } = await sent((client) => client.createNotification(notification, { signal }));
    assert.equal(line, "POST /v1/notifications");
    assert.equal(headers.accept, "*/*");
    assert.equal(headers["openstack-api-version"], undefined);
    assert.equal(
      body,
      '{"notification": {"payload": {"event": "STOPPED"}, "hostname": "vm", "type": "PROCESS", "generated_time": "2026-11-22T12:12:22"}}',
    );
  });

  test("a microversion goes by service type", async () => {
    const { headers } = await sent((client) => client.listSegments({}, { signal, microversion: "1.2" }));
    assert.equal(headers["openstack-api-version"], "instance-ha 1.2");
    assert.equal(headers.accept, "application/json");
  });

  test("paths, queries and bodies", async () => {
    const { line } = await sent((client) =>
      client.listHosts("s 1", { limit: 2, type: undefined, name: "a&b" }, { signal }),
    );
    assert.equal(line, "GET /v1/segments/s%201/hosts?limit=2&name=a%26b");
    const update = await sent((client) => client.updateHost("s", "h", { on_maintenance: false }, { signal }));
    assert.deepEqual([update.line, update.body], ["PUT /v1/segments/s/hosts/h", '{"host": {"on_maintenance": false}}']);
    assert.equal((await sent((client) => client.deleteSegment("s", { signal }))).line, "DELETE /v1/segments/s");
    assert.equal((await sent((client) => client.getNotification("n", { signal }))).line, "GET /v1/notifications/n");
    assert.equal((await sent((client) => client.version({ signal }))).line, "GET /v1");
  });
});

suite("a response that is not masakari-api's own", () => {
  const own = { "OpenStack-API-Version": "instance-ha 1.0" };
  const fault = (message: string, code = 400) => ({ badRequest: { code, message } });
  const invalid = "Invalid input for field/attribute type.";
  const refusal = async (body: unknown, headers: Readonly<Record<string, string>> = {}, status = 400) => {
    const { result } = await useMasakari(
      (_, response) => json(response, status, body, headers),
      (client) => client.createNotification(notification, { signal }),
    );
    assert.ok(result instanceof HttpStatusError);
    return result.constructor;
  };

  test("a refusal by masakari-api is one", async () => {
    assert.equal(await refusal(fault(invalid), own), BadRequestError);
    assert.equal(await refusal(fault(invalid), { "OpenStack-API-Version": "masakari 1.2" }), BadRequestError);
    assert.equal(await refusal(fault("Host with name x could not be found.")), HostNotFoundError);
  });

  for (const [what, body, headers] of [
    ["a web application firewall's page", "<html><body><h1>400 Bad Request</h1></body></html>", {}],
    ["a load balancer's page that quotes Masakari", "<h1>Host with name x could not be found.</h1>", {}],
    ["a gateway's JSON", { message: "no Route matched with those values" }, {}],
    ["Keystone's JSON", { error: { code: 400, title: "Bad Request", message: "no" } }, {}],
    ["another service's fault", fault("Malformed request url"), { "OpenStack-API-Version": "volume 3.0" }],
    ["a fault that nobody signs", fault(invalid), {}],
    ["a fault with another status in it", fault(invalid, 404), own],
    ["a fault with a second member", { ...fault(invalid), more: 1 }, own],
    ["a fault about the URL", fault("Malformed request URL: URL's project_id 'a' doesn't match Context's"), own],
    ["nothing", "", {}],
  ] as const) {
    test(`400: ${what}`, async () => assert.equal(await refusal(body, headers), HttpStatusError));
  }

  test("409 by a proxy that quotes one", async () => {
    const text = "Notification received from host x of type VM is duplicate.";
    assert.equal(await refusal(text, {}, 409), HttpStatusError);
    assert.equal(await refusal({ message: text }, {}, 409), HttpStatusError);
    assert.equal(
      await refusal({ conflictingRequest: { code: 409, message: text } }, {}, 409),
      DuplicateNotificationError,
    );
  });

  test("2xx without a notification in it", async () => {
    for (const body of ["", "<html>Sign in</html>", "{}", '{"notification": {}}', '{"notification": []}', "[]"]) {
      const { result } = await useMasakari(
        (_, response) => json(response, 202, body),
        (client) => client.createNotification(notification, { signal }),
      );
      assert.ok(result instanceof ResponseError, body);
    }
  });
});

suite("the version document", () => {
  const version = { id: "v1.0", status: "CURRENT", version: "1.2", min_version: "1.0" };
  const ask = async (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    (
      await useMasakari(
        (_, response) => json(response, 200, body, headers),
        (client) => client.version({ signal }),
      )
    ).result;

  test("is Masakari's", async () => {
    assert.deepEqual(await ask({ version }), version);
    assert.deepEqual(await ask({ version }, { "OpenStack-API-Version": "masakari 1.0" }), version);
  });

  for (const [what, body, headers] of [
    ["Keystone's", { version: { ...version, id: "v3.14" } }, {}],
    ["Heat's, by its media types", { version: { ...version, "media-types": [{ type: "application/vnd.heat" }] } }, {}],
    ["another one's, by its header", { version }, { "OpenStack-API-Version": "container-infra 1.9" }],
    ["a list of versions", { versions: [version] }, {}],
    ["a page", "<html></html>", {}],
  ] as const) {
    test(`${what} is not`, async () => assert.ok((await ask(body, headers)) instanceof ResponseError));
  }
});
