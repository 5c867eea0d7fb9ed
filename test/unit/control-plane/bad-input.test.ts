import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { newHttpServer } from "../../../src/control-plane/http/server.ts";
import {
  callMasakari,
  collectingLogger,
  logIn,
  passwordLogin,
  startTestControlPlane,
} from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";
import { assertAsyncProperty } from "../../support/seeds.ts";

const runs = { numRuns: 200 };

const validBodies = [
  passwordLogin("masakari", "masakari-secret", "service"),
  { auth: { identity: { methods: ["token"], token: { id: "x" } }, scope: { project: { id: "x" } } } },
  { auth: { identity: { methods: ["application_credential"], application_credential: { id: "x", secret: "y" } } } },
  {
    notification: {
      ...{ type: "PROCESS", hostname: "h1", generated_time: "2026-11-23T12:00:00" },
      payload: { event: "STOPPED", process_name: "p" },
    },
  },
  {
    notification: {
      ...{ type: "VM", hostname: "h1", generated_time: "2026-11-23T12:00:00" },
      payload: { event: "LIFECYCLE", instance_uuid: "00000000-0000-4000-8000-000000000001", vir_domain_event: "X" },
    },
  },
  { segment: { name: "x", recovery_method: "auto", service_type: "COMPUTE", description: "d", enabled: true } },
  { host: { name: "h2", type: "COMPUTE", control_attributes: "SSH", reserved: false, on_maintenance: false } },
];

type Node = { [key: string]: unknown };

/** A valid body with one of its members, at any depth, replaced or removed: what gets past the first checks. */
const nearlyValid = fc
  .tuple(fc.constantFrom(...validBodies), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), anything())
  .map(([body, steps, value]) => {
    const copy = structuredClone(body) as Node;
    let node = copy;
    for (const step of steps) {
      const keys = Object.keys(node);
      const key = keys[step % Math.max(1, keys.length)] ?? "new";
      const below = node[key];
      if (step % 4 !== 0 && typeof below === "object" && below !== null) node = below as Node;
      else if (step % 7 === 0) delete node[key];
      else node[key] = structuredClone(value);
    }
    return Buffer.from(JSON.stringify(copy));
  });

function anything() {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  return fc.oneof(fc.jsonValue({ maxDepth: 4 }), text, fc.constantFrom("__proto__", "\n", "x".repeat(70_000), {}, []));
}

const body = fc.oneof(
  { weight: 4, arbitrary: nearlyValid },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)) },
);

const segment = fc.oneof(
  fc.constantFrom("segments", "notifications", "hosts", "extensions", "versions", "new", "edit", "action", "..", "%00"),
  fc.uuid(),
  fc.webSegment(),
);
const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
const headers = fc.record(
  {
    accept: fc.constantFrom("*/*", "application/json", "text/html", "", "x;;q=,"),
    "content-type": fc.constantFrom("application/json", "text/plain", "multipart/form-data", "", "///"),
    "openstack-api-version": fc.constantFrom(
      "instance-ha 1.2",
      "instance-ha 9.9",
      "instance-ha",
      ",,",
      "instance-ha x",
    ),
  },
  { requiredKeys: [] },
);

describe("random requests are never answered 500", () => {
  const log = collectingLogger();
  let controlPlane: ControlPlane;
  let token: string;

  before(async () => {
    controlPlane = await startTestControlPlane({ log });
    token = await logIn(controlPlane);
  });
  after(() => controlPlane.close());

  test("by masakari-api, whatever the body", async () => {
    const version = { "openstack-api-version": "instance-ha 1.2" };
    const created = await callMasakari(controlPlane, token, "POST", "/segments", validBodies[5], version);
    const { uuid } = (JSON.parse(created.body) as { segment: { uuid: string } }).segment;
    const host = { name: "h1", type: "COMPUTE", control_attributes: "SSH" };
    assert.equal((await callMasakari(controlPlane, token, "POST", `/segments/${uuid}/hosts`, { host })).status, 201);
    const target = fc.constantFrom("/notifications", "/segments", `/segments/${uuid}`, `/segments/${uuid}/hosts`);
    const exchange = fc.asyncProperty(target, headers, body, async (where, extra, bytes) => {
      const verb = where === `/segments/${uuid}` ? "PUT" : "POST";
      const response = await rawRequest(
        controlPlane.masakariUrl + where,
        verb,
        { ...extra, "x-auth-token": token },
        bytes,
      );
      assert.ok(response.status < 500, `${response.status} ${response.body}`);
    });
    await assertAsyncProperty(exchange, runs);
    assert.deepEqual(log.lines, []);
  });

  test("by masakari-api, whatever the path and method", async () => {
    const exchange = fc.asyncProperty(method, path, headers, body, async (verb, where, extra, bytes) => {
      const url = `${new URL(controlPlane.masakariUrl).origin}/v1${where}`;
      const response = await rawRequest(url, verb, { ...extra, "x-auth-token": token }, bytes);
      assert.ok(response.status < 500, `${response.status} ${response.body}`);
    });
    await assertAsyncProperty(exchange, runs);
    assert.deepEqual(log.lines, []);
  });

  test("by Keystone, whatever the body", async () => {
    const exchange = fc.asyncProperty(headers, body, async (extra, bytes) => {
      const url = `${controlPlane.keystoneUrl}/auth/tokens`;
      const response = await rawRequest(url, "POST", { "content-type": "application/json", ...extra }, bytes);
      assert.ok(response.status < 500, `${response.status} ${response.body}`);
    });
    await assertAsyncProperty(exchange, runs);
    assert.deepEqual(log.lines, []);
  });

  test("with any token", async () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 300 });
    const exchange = fc.asyncProperty(text, text, async (caller, subject) => {
      const tokens = { "x-auth-token": caller, "x-subject-token": subject };
      const keystone = await rawRequest(`${controlPlane.keystoneUrl}/auth/tokens`, "GET", tokens);
      const masakari = await rawRequest(`${controlPlane.masakariUrl}/segments`, "GET", tokens);
      assert.deepEqual([keystone.status, masakari.status], [401, 401]);
    });
    await assertAsyncProperty(exchange, { numRuns: 50 });
  });
});

describe("hard bodies", () => {
  let controlPlane: ControlPlane;
  let token: string;

  before(async () => {
    controlPlane = await startTestControlPlane();
    token = await logIn(controlPlane);
  });
  after(() => controlPlane.close());

  test("a body that hides its length is cut off at 112 KiB", async () => {
    for (const [url, auth] of [
      [`${controlPlane.masakariUrl}/notifications`, token],
      [`${controlPlane.keystoneUrl}/auth/tokens`, ""],
    ] as const) {
      const chunk = "x".repeat(60_000);
      const chunks = `${(60_000).toString(16)}\r\n${chunk}\r\n`.repeat(3);
      const response = await overSocket(
        url,
        `POST ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${auth}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
      );
      assert.match(response, /^HTTP\/1\.1 413 /);
    }
  });

  test("nothing that is not HTTP gets more than a 400", async () => {
    for (const garbage of [
      "\x16\x03\x01\x02\x00\x01",
      "GET\r\n\r\n",
      "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ]) {
      assert.match(await overSocket(controlPlane.masakariUrl, garbage), /^HTTP\/1\.1 400 /);
    }
  });

  test("a client that goes away in the middle of its body is forgotten", async () => {
    const { port } = new URL(controlPlane.masakariUrl);
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `POST /v1/notifications HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${token}\r\nContent-Length: 1000\r\n\r\n{`,
    );
    socket.resetAndDestroy();
    assert.equal((await callMasakari(controlPlane, token, "GET", "/segments")).status, 200);
  });

  test("the longest description that fits is stored and shown", async () => {
    const description = "é\n".repeat(18_000);
    const created = await callMasakari(controlPlane, token, "POST", "/segments", {
      segment: { name: "long", recovery_method: "auto", service_type: "COMPUTE", description },
    });
    assert.equal(created.status, 201);
    assert.equal((JSON.parse(created.body) as { segment: { description: string } }).segment.description, description);
  });
});

test("a client that is slow with its request is not waited for without end", () => {
  const { server } = newHttpServer();
  for (const timeout of [server.headersTimeout, server.requestTimeout, server.keepAliveTimeout]) {
    assert.ok(timeout > 0 && timeout <= 75_000, `${timeout} ms`);
  }
});

/** Sends bytes as they are and returns what comes back until the other side closes or falls silent. */
async function overSocket(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.setTimeout(60_000, () => socket.destroy());
  socket.write(text, "latin1");
  let response = "";
  socket.on("data", (data) => {
    response += data.toString("latin1");
    socket.end();
  });
  socket.on("error", () => undefined);
  await once(socket, "close");
  return response;
}
