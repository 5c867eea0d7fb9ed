import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { ControlPlaneError } from "../../../src/control-plane/errors.ts";
import type { CompletedRequest, NotificationArrival } from "../../../src/control-plane/observation.ts";
import { callMasakari, collectingLogger, logIn, startFor } from "../../support/control-plane.ts";
import { freePort } from "../../support/ports.ts";

const directory = mkdtempSync(join(tmpdir(), "control-plane-"));
after(() => rmSync(directory, { recursive: true }));

/** Registers host `h1` and returns a token. */
async function registerHost(controlPlane: ControlPlane): Promise<string> {
  const token = await logIn(controlPlane);
  const segment = { name: "s1", recovery_method: "auto", service_type: "COMPUTE" };
  const created = await callMasakari(controlPlane, token, "POST", "/segments", { segment });
  const { uuid } = (JSON.parse(created.body) as { segment: { uuid: string } }).segment;
  const host = { name: "h1", type: "COMPUTE", control_attributes: "SSH" };
  const response = await callMasakari(controlPlane, token, "POST", `/segments/${uuid}/hosts`, { host });
  assert.equal(response.status, 201);
  return token;
}

function notification(processName: string, generatedTime = "2026-11-23T12:00:00.000001") {
  const payload = { event: "STOPPED", process_name: processName };
  return { notification: { type: "PROCESS", hostname: "h1", generated_time: generatedTime, payload } };
}

describe("listening", () => {
  test("other machines are kept out unless that is asked for", async (context) => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org"]) {
      await assert.rejects(startFor(context, { host }), { name: "ControlPlaneError", code: "not-loopback" });
    }
    await startFor(context, { host: "0.0.0.0", allowRemote: true });
  });

  test("a port that is taken is one clear error, and nothing is left open", async (context) => {
    const squatter = createServer().listen(0, "127.0.0.1");
    await once(squatter, "listening");
    context.after(() => squatter.close());
    const { port } = squatter.address() as { port: number };
    const database = join(directory, "taken.sqlite");
    await assert.rejects(
      startFor(context, { masakariPort: port, database }),
      (error) =>
        error instanceof ControlPlaneError &&
        error.code === "cannot-listen" &&
        error.message.includes(`${port}`) &&
        error.message.endsWith("; stop what listens there, or choose another port"),
    );
    assert.equal(existsSync(`${database}-wal`), false, "the database was closed");
  });

  test("an address that this machine does not have is not taken for a port in use", async (context) => {
    await assert.rejects(
      startFor(context, { host: "192.0.2.1", allowRemote: true }),
      /192\.0\.2\.1.*EADDRNOTAVAIL.*; choose an address that this machine has/,
    );
  });

  test("it closes when its signal aborts", async (context) => {
    const controller = new AbortController();
    const controlPlane = await startFor(context, { signal: controller.signal });
    controller.abort();
    await controlPlane.close();
    await assert.rejects(logIn(controlPlane), { code: "ECONNREFUSED" });
    await assert.rejects(startFor(context, { signal: controller.signal }), { name: "AbortError" });
  });
});

describe("the database", () => {
  test("only its owner can read it", async (context) => {
    const database = join(directory, "new", "private", "control-plane.sqlite");
    await startFor(context, { database });
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    assert.equal(mode(join(directory, "new", "private")), "700");
    for (const suffix of ["", "-wal", "-shm"]) assert.equal(mode(database + suffix), "600");
  });

  test("started again at the same ports it goes on where it stopped", async (context) => {
    const database = join(directory, "again.sqlite");
    const ports = { keystonePort: await freePort(), masakariPort: await freePort() };
    const first = await startFor(context, { database, ...ports });
    const token = await registerHost(first);
    assert.equal((await callMasakari(first, token, "POST", "/notifications", notification("p"))).status, 202);
    await first.close();
    const second = await startFor(context, { database, ...ports });
    assert.equal(second.keystoneUrl, first.keystoneUrl);
    assert.equal(second.masakariUrl, first.masakariUrl);
    const repeated = await callMasakari(second, token, "POST", "/notifications", notification("p"));
    assert.equal(repeated.status, 409, "the token is still good, and what was stored is still known");
    await second.close();
  });

  test("holds neither passwords nor tokens", async (context) => {
    const database = join(directory, "secrets.sqlite");
    const controlPlane = await startFor(context, { database });
    const token = await logIn(controlPlane);
    const reader = new DatabaseSync(database);
    const everything = ["user", "token", "application_credential"].map((table) =>
      JSON.stringify(reader.prepare(`SELECT * FROM ${table}`).all()),
    );
    reader.close();
    for (const secret of [token, "masakari-secret", "demo-secret", "app-secret"]) {
      assert.equal(everything.join("").includes(secret), false);
    }
  });

  test("one of a newer version is left alone", async (context) => {
    const database = join(directory, "newer.sqlite");
    const future = new DatabaseSync(database);
    future.exec("PRAGMA user_version = 99");
    future.close();
    await assert.rejects(startFor(context, { database }), { code: "database", message: /newer version/ });
  });

  test("a seeded password that changed takes effect; an unchanged one keeps its hash", async (context) => {
    const database = join(directory, "password.sqlite");
    const user = { name: "u", project: "p", roles: ["admin"] } as const;
    const hash = async (password: string) => {
      const controlPlane = await startFor(context, { database, users: [{ ...user, password }] });
      await controlPlane.close();
      const reader = new DatabaseSync(database);
      const row = reader.prepare("SELECT password_hash FROM user").get() as { password_hash: string };
      reader.close();
      return row.password_hash;
    };
    const first = await hash("one");
    assert.equal(await hash("one"), first);
    assert.notEqual(await hash("two"), first);
  });
});

describe("tokens", () => {
  test("end after their lifetime", async (context) => {
    let now = Date.UTC(2026, 10, 23);
    const controlPlane = await startFor(context, { tokenLifetime: 60, now: () => now });
    const token = await logIn(controlPlane);
    now += 59_000;
    assert.equal((await callMasakari(controlPlane, token, "GET", "/segments")).status, 200);
    now += 1_000;
    assert.equal((await callMasakari(controlPlane, token, "GET", "/segments")).status, 401);
  });
});

describe("observers", () => {
  test("hear of a notification when it is stored, and of nothing that is refused", async (context) => {
    const arrivals: NotificationArrival[] = [];
    const completed: CompletedRequest[] = [];
    const controlPlane = await startFor(context, {
      onNotification: (arrival) => arrivals.push(arrival),
      onRequest: (request) => completed.push(request),
    });
    const token = await registerHost(controlPlane);
    const before = Date.now();
    const body = notification("p");
    assert.equal((await callMasakari(controlPlane, token, "POST", "/notifications", body)).status, 202);
    assert.equal((await callMasakari(controlPlane, token, "POST", "/notifications", body)).status, 409);
    await controlPlane.close();
    assert.equal(arrivals.length, 1);
    const [arrival] = arrivals;
    assert.ok(arrival && arrival.arrivedAt >= before && arrival.arrivedAt <= Date.now());
    const { type, hostname, generatedTime, payload } = arrival;
    assert.deepEqual(
      { type, hostname, generatedTime, payload },
      {
        ...{ type: "PROCESS", hostname: "h1", generatedTime: "2026-11-23T12:00:00.000001" },
        payload: { event: "STOPPED", process_name: "p" },
      },
    );
    const seen = completed.map(({ service, method, url, status }) => `${service} ${method} ${url} ${status}`);
    assert.equal(seen[0], "keystone POST /v3/auth/tokens 201");
    assert.deepEqual(seen.slice(-2), ["masakari POST /v1/notifications 202", "masakari POST /v1/notifications 409"]);
    assert.deepEqual(new Set(completed.map(({ peer }) => peer)), new Set(["127.0.0.1"]));
  });

  test("that throw harm nobody", async (context) => {
    const log = collectingLogger();
    const fail = () => {
      throw new Error("broken observer");
    };
    const controlPlane = await startFor(context, { log, onNotification: fail, onRequest: fail });
    const token = await registerHost(controlPlane);
    const response = await callMasakari(controlPlane, token, "POST", "/notifications", notification("p"));
    assert.equal(response.status, 202);
    await controlPlane.close();
    assert.match(log.lines.join("\n"), /broken observer/);
  });
});

describe("notifications", () => {
  test("of fifty equal ones at once, one is stored", async (context) => {
    const controlPlane = await startFor(context, { database: join(directory, "fifty.sqlite") });
    const token = await registerHost(controlPlane);
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => callMasakari(controlPlane, token, "POST", "/notifications", notification("p"))),
    );
    await controlPlane.close();
    const count = (status: number) => responses.filter((response) => response.status === status).length;
    assert.deepEqual({ stored: count(202), duplicate: count(409) }, { stored: 1, duplicate: 49 });
  });

  test("are duplicates up to and with 180 s, to the microsecond", async (context) => {
    const controlPlane = await startFor(context);
    const token = await registerHost(controlPlane);
    const send = async (time: string) =>
      (await callMasakari(controlPlane, token, "POST", "/notifications", notification("p", time))).status;
    assert.equal(await send("2026-11-23T12:00:00.000500"), 202);
    assert.equal(await send("2026-11-23T12:03:00.000500"), 409);
    assert.equal(await send("2026-11-23T12:03:00.000501"), 202);
  });

  test("are shown with details from 1.1 on, though there is no engine", async (context) => {
    const controlPlane = await startFor(context);
    const token = await registerHost(controlPlane);
    const created = await callMasakari(controlPlane, token, "POST", "/notifications", notification("p"));
    const { notification_uuid } = (JSON.parse(created.body) as { notification: { notification_uuid: string } })
      .notification;
    const version = { "openstack-api-version": "instance-ha 1.1" };
    const path = `/notifications/${notification_uuid}`;
    const shown = await callMasakari(controlPlane, token, "GET", path, undefined, version);
    const { recovery_workflow_details, generated_time, status } = (
      JSON.parse(shown.body) as {
        notification: Record<string, unknown>;
      }
    ).notification;
    assert.deepEqual(
      { recovery_workflow_details, generated_time, status },
      { recovery_workflow_details: [], generated_time: "2026-11-23T12:00:00.000000", status: "new" },
    );
  });
});
