import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { callMasakari, passwordLogin, startFor, testUsers } from "../../support/control-plane.ts";
import { type RawResponse, rawRequest } from "../../support/raw-request.ts";

const json = { "content-type": "application/json" };

function post({ keystoneUrl }: ControlPlane, path: string, body: unknown, token?: string): Promise<RawResponse> {
  const headers = { ...json, ...(token !== undefined && { "x-auth-token": token }) };
  return rawRequest(keystoneUrl + path, "POST", headers, JSON.stringify(body));
}

const login = (cloud: ControlPlane, name: string, password: string) =>
  post(cloud, "/auth/tokens", passwordLogin(name, password, name === "demo" ? "demo" : "service"));

const tokenOf = ({ headers }: RawResponse): string => String(headers["x-subject-token"]);

describe("failed logins", () => {
  test("make that user wait at that address, and nobody else", async (context) => {
    let now = Date.UTC(2026, 10, 28);
    const cloud = await startFor(context, { now: () => now });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      assert.equal((await login(cloud, "masakari", "wrong")).status, 401);
    }
    const refused = await login(cloud, "masakari", "masakari-secret");
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "60"]);
    assert.match(refused.body, /Too many failed logins; try again in 60 s\./);
    assert.equal((await login(cloud, "demo", "demo-secret")).status, 201);
    now += 60_000;
    assert.equal((await login(cloud, "masakari", "masakari-secret")).status, 201);
  });

  test("sent all at once do not reveal which password was right", async (context) => {
    const cloud = await startFor(context);
    const wrong = Array.from({ length: 12 }, () => login(cloud, "masakari", "wrong"));
    const statuses = (await Promise.all(wrong)).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 401).length, 5);
    assert.equal(statuses.filter((status) => status === 429).length, 7);
  });

  test("are forgotten with the first that succeeds", async (context) => {
    const cloud = await startFor(context);
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 0; attempt < 4; attempt += 1) await login(cloud, "masakari", "wrong");
      assert.equal((await login(cloud, "masakari", "masakari-secret")).status, 201);
    }
  });

  test("of an application credential count too", async (context) => {
    const cloud = await startFor(context);
    const attempt = (secret: string) =>
      post(cloud, "/auth/tokens", {
        auth: {
          identity: {
            methods: ["application_credential"],
            application_credential: {
              ...{ name: "monitors", secret },
              user: { name: "masakari", domain: { name: "Default" } },
            },
          },
        },
      });
    for (let round = 0; round < 5; round += 1) assert.equal((await attempt("wrong")).status, 401);
    assert.equal((await attempt("app-secret")).status, 429);
  });
});

describe("failed logins over IPv6", () => {
  test("count for the whole /64, all of whose addresses one machine may use", async (context) => {
    const cloud = await startFor(context, { trustedProxies: ["127.0.0.1"] });
    const attempt = async (address: string) => {
      const headers = { ...json, "x-forwarded-for": address };
      const body = JSON.stringify(passwordLogin("masakari", "wrong", "service"));
      return (await rawRequest(`${cloud.keystoneUrl}/auth/tokens`, "POST", headers, body)).status;
    };
    for (let host = 1; host <= 5; host += 1) assert.equal(await attempt(`2001:db8:0:1::${host}`), 401);
    assert.equal(await attempt("2001:db8::1:9:9:9:9"), 429);
    assert.equal(await attempt("2001:db8:0:2::1"), 401);
  });
});

test("logins beyond those that can wait get 503, and the operator's SIGHUP is not refused", async (context) => {
  const cloud = await startFor(context);
  // Of users that do not exist, so that none is refused for failed logins before.
  const many = Array.from({ length: 150 }, (_, index) => login(cloud, `nobody-${index}`, "x"));
  const statusOf = async (response: Promise<RawResponse>) => (await response).status;
  const refused = async (response: Promise<RawResponse>) => {
    const { status } = await response;
    return status === 503 ? response : Promise.reject(new Error(`${status}`));
  };
  const first = await Promise.any(many.map(refused));
  assert.equal(first.headers["retry-after"], "2");
  assert.match(first.body, /"Too many logins at once; try again in 2 s\.","title":"Service Unavailable"/);
  await cloud.reload({ users: testUsers });
  const statuses = await Promise.all(many.map(statusOf));
  const waited = statuses.filter((status) => status === 401).length;
  assert.ok(waited >= 66 && waited < 150, `${waited} of 150 were looked at`);
  assert.equal(statuses.filter((status) => status === 503).length, 150 - waited);
  assert.equal((await login(cloud, "demo", "demo-secret")).status, 201);
});

test("a start enables its users and their projects again", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "enabled-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const database = join(directory, "control-plane.sqlite");
  const cloud = await startFor(context, { database });
  const first = await login(cloud, "masakari", "masakari-secret");
  const { token } = JSON.parse(first.body) as { token: { user: { id: string }; project: { id: string } } };
  const headers = { ...json, "x-auth-token": tokenOf(first) };
  const disable = async (path: string, member: string) => {
    const body = JSON.stringify({ [member]: { enabled: false } });
    assert.equal((await rawRequest(cloud.keystoneUrl + path, "PATCH", headers, body)).status, 200);
  };
  const demo = JSON.parse((await login(cloud, "demo", "demo-secret")).body) as { token: { project: { id: string } } };
  await disable(`/projects/${demo.token.project.id}`, "project");
  await disable(`/users/${token.user.id}`, "user");
  assert.equal((await login(cloud, "masakari", "masakari-secret")).status, 401);
  assert.equal((await login(cloud, "demo", "demo-secret")).status, 401);
  await cloud.close();
  const again = await startFor(context, { database });
  assert.equal((await login(again, "masakari", "masakari-secret")).status, 201);
  assert.equal((await login(again, "demo", "demo-secret")).status, 201);
});

describe("tokens of a user", () => {
  test("end when the password changes, the user is disabled, or a role is taken away", async (context) => {
    const cloud = await startFor(context);
    const admin = tokenOf(await login(cloud, "masakari", "masakari-secret"));
    const made = await post(cloud, "/users", { user: { name: "u", password: "one" } }, admin);
    const { id } = (JSON.parse(made.body) as { user: { id: string } }).user;
    const owner = JSON.parse((await login(cloud, "masakari", "masakari-secret")).body) as {
      token: { project: { id: string }; roles: { id: string; name: string }[] };
    };
    const role = owner.token.roles.find(({ name }) => name === "admin")?.id;
    const grant = `/projects/${owner.token.project.id}/users/${id}/roles/${role}`;
    const send = (method: string, path: string, body?: unknown) =>
      rawRequest(
        cloud.keystoneUrl + path,
        method,
        { ...json, "x-auth-token": admin },
        body === undefined ? "" : JSON.stringify(body),
      );
    let password = "one";
    const changes: [what: string, change: () => Promise<RawResponse>, undo: () => Promise<RawResponse>][] = [
      [
        "password",
        () => send("PATCH", `/users/${id}`, { user: { password: "two" } }),
        () => {
          password = "two";
          return send("GET", `/users/${id}`);
        },
      ],
      [
        "disabled",
        () => send("PATCH", `/users/${id}`, { user: { enabled: false } }),
        () => send("PATCH", `/users/${id}`, { user: { enabled: true } }),
      ],
      ["role", () => send("DELETE", grant), () => send("PUT", grant)],
    ];
    assert.equal((await send("PUT", grant)).status, 204);
    for (const [what, change, undo] of changes) {
      const token = tokenOf(await login(cloud, "u", password));
      assert.equal((await callMasakari(cloud, token, "GET", "/segments")).status, 200, what);
      assert.ok((await change()).status < 300, what);
      assert.equal((await callMasakari(cloud, token, "GET", "/segments")).status, 401, what);
      assert.ok((await undo()).status < 300, what);
    }
  });
});

test("tokens of a user end when its project is disabled, and when it is started with another password", async (context) => {
  const cloud = await startFor(context);
  const admin = tokenOf(await login(cloud, "masakari", "masakari-secret"));
  const demo = await login(cloud, "demo", "demo-secret");
  const isGood = async (token: string) =>
    (await rawRequest(`${cloud.keystoneUrl}/auth/projects`, "GET", { "x-auth-token": token })).status === 200;
  const { id } = (JSON.parse(demo.body) as { token: { project: { id: string } } }).token.project;
  const change = (enabled: boolean) =>
    rawRequest(
      `${cloud.keystoneUrl}/projects/${id}`,
      "PATCH",
      { ...json, "x-auth-token": admin },
      JSON.stringify({ project: { enabled } }),
    );
  assert.equal((await change(true)).status, 200);
  assert.equal(await isGood(tokenOf(demo)), true);
  assert.equal((await change(false)).status, 200);
  assert.equal(await isGood(tokenOf(demo)), false);

  const [masakari] = testUsers;
  await cloud.reload({ users: [masakari] });
  assert.equal(await isGood(admin), true);
  await cloud.reload({ users: [{ ...masakari, password: "another" }] });
  assert.equal(await isGood(admin), false);
});

test("a token of a service's own role may validate others and not revoke them, one of a member neither", async (context) => {
  const user = (name: string, role: "service" | "member") =>
    ({ name, password: name, project: "service", roles: [role] }) as const;
  const cloud = await startFor(context, { users: [user("nova", "service"), user("eve", "member")] });
  const subject = tokenOf(await login(cloud, "eve", "eve"));
  const statusFor = async (name: string, method = "GET") => {
    const caller = tokenOf(await login(cloud, name, name));
    const headers = { "x-auth-token": caller, "x-subject-token": tokenOf(await login(cloud, "nova", "nova")) };
    const foreign = { ...headers, "x-subject-token": name === "nova" ? subject : headers["x-subject-token"] };
    return (await rawRequest(`${cloud.keystoneUrl}/auth/tokens`, method, foreign)).status;
  };
  assert.deepEqual([await statusFor("nova"), await statusFor("eve")], [200, 403]);
  assert.deepEqual([await statusFor("nova", "DELETE"), await statusFor("eve", "DELETE")], [403, 403]);
});

test("a password hashed by an earlier control plane is hashed anew at the next login", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "rehash-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const database = join(directory, "control-plane.sqlite");
  const cloud = await startFor(context, { database });
  const file = new DatabaseSync(database);
  context.after(() => file.close());
  // Of `demo-secret`, by the code of schema 1.
  const earlier = "scrypt$c2AeID9e1DSXx3mP4cISEA$aW_6oadXk7etB1Woz1mkQ_tUNaT-A1wwPYUmIkl_-v8";
  file.prepare("UPDATE user SET password_hash = ? WHERE name = 'demo'").run(earlier);
  assert.equal((await login(cloud, "demo", "wrong")).status, 401);
  assert.equal((await login(cloud, "demo", "demo-secret")).status, 201);
  const { hash } = file.prepare("SELECT password_hash AS hash FROM user WHERE name = 'demo'").get() as { hash: string };
  assert.match(hash, /^scrypt\$8192\$4\$/);
  assert.equal((await login(cloud, "demo", "demo-secret")).status, 201);
});
