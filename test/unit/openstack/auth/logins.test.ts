import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createTransport } from "../../../../src/http/transport.ts";
import type { AuthOptions } from "../../../../src/openstack/auth/options.ts";
import { createAuthPlugin } from "../../../../src/openstack/auth/plugins.ts";
import { AuthOptionsError } from "../../../../src/openstack/errors.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { FakeCloud } from "../../../support/fake-cloud.ts";
import { json, TestServer } from "../../../support/http-server.ts";

const signal = new AbortController().signal;

async function authorize(options: AuthOptions) {
  const transport = createTransport({ userAgent: "test", clock: systemClock, timeoutMs: 60_000 });
  try {
    return await (await createAuthPlugin(options)).authorize(transport, signal);
  } finally {
    transport.close();
  }
}

/** The requests of a login, and the `auth` that it sent. */
async function login(options: AuthOptions, path = "/v3") {
  await using cloud = await FakeCloud.start();
  const granted = await authorize({ auth_url: `${cloud.server.origin}${path}`, ...options });
  const requests = cloud.server.requests.map((request) => `${request.method} ${request.path}`);
  return { granted, requests, auth: JSON.parse(cloud.logins[0]?.body ?? "{}").auth };
}

const user = { username: "masakari", password: "pw", user_domain_name: "Default" };
const passwordOf = (ref: object) => ({ methods: ["password"], password: { user: { password: "pw", ...ref } } });
const byName = passwordOf({ name: "masakari", domain: { name: "Default" } });

suite("what each auth_type sends", () => {
  const cases: readonly [what: string, options: AuthOptions, auth: object][] = [
    [
      "password, by names",
      { ...user, project_name: "service", project_domain_name: "Default" },
      { identity: byName, scope: { project: { name: "service", domain: { name: "Default" } } } },
    ],
    [
      "password, by ids, which win over names",
      { ...user, user_id: "u1", project_id: "p1", project_name: "service" },
      { identity: passwordOf({ id: "u1" }), scope: { project: { id: "p1" } } },
    ],
    [
      "password with domain ids",
      { username: "masakari", password: "pw", user_domain_id: "d1", project_name: "service", project_domain_id: "d2" },
      {
        identity: passwordOf({ name: "masakari", domain: { id: "d1" } }),
        scope: { project: { name: "service", domain: { id: "d2" } } },
      },
    ],
    [
      "password with the default domain for both",
      { username: "masakari", password: "pw", project_name: "service", default_domain_name: "Default" },
      { identity: byName, scope: { project: { name: "service", domain: { name: "Default" } } } },
    ],
    [
      "password with domain_name beside project_name, as real files have it",
      { username: "masakari", password: "pw", project_name: "service", domain_name: "Default" },
      { identity: byName, scope: { project: { name: "service", domain: { name: "Default" } } } },
    ],
    [
      "password in a domain's scope",
      { ...user, domain_name: "Ops" },
      { identity: byName, scope: { domain: { name: "Ops" } } },
    ],
    [
      "password in a domain's scope by id",
      { ...user, domain_id: "d" },
      { identity: byName, scope: { domain: { id: "d" } } },
    ],
    [
      "password in the system's scope",
      { ...user, system_scope: "all" },
      { identity: byName, scope: { system: { all: true } } },
    ],
    [
      "password with a trust",
      { ...user, trust_id: "t" },
      { identity: byName, scope: { "OS-TRUST:trust": { id: "t" } } },
    ],
    ["password without a scope", user, { identity: byName }],
    [
      "token",
      { auth_type: "token", token: "old", project_id: "p1" },
      { identity: { methods: ["token"], token: { id: "old" } }, scope: { project: { id: "p1" } } },
    ],
    [
      "application credential by id",
      { auth_type: "v3applicationcredential", application_credential_id: "ac", application_credential_secret: "s" },
      {
        identity: { methods: ["application_credential"], application_credential: { id: "ac", secret: "s" } },
      },
    ],
    [
      "application credential by name, without the scope that it must not have",
      {
        ...user,
        auth_type: "v3applicationcredential",
        application_credential_name: "monitors",
        application_credential_secret: "s",
        project_name: "service",
      },
      {
        identity: {
          methods: ["application_credential"],
          application_credential: {
            name: "monitors",
            user: { name: "masakari", domain: { name: "Default" } },
            secret: "s",
          },
        },
      },
    ],
  ];
  for (const [what, options, auth] of cases) {
    test(what, async () => assert.deepEqual((await login(options)).auth, auth));
  }

  test("http_basic sends user and password with each request and asks no Keystone", async () => {
    const granted = await authorize({
      auth_type: "http_basic",
      username: "u",
      password: "p",
      endpoint: "http://api/v1/",
    });
    assert.deepEqual(granted.headers, { Authorization: "Basic dTpw" });
    assert.deepEqual(granted.services, { endpoint: "http://api/v1" });
  });

  test("admin_token sends the token that it is given and asks no Keystone", async () => {
    const granted = await authorize({ auth_type: "admin_token", token: "t", endpoint: "http://api/v1" });
    assert.deepEqual([granted.headers, granted.services], [{ "X-Auth-Token": "t" }, { endpoint: "http://api/v1" }]);
  });

  for (const auth_type of ["none", "noauth"]) {
    test(`${auth_type} sends keystoneauth's placeholder and asks no Keystone`, async () => {
      const granted = await authorize({ auth_type, endpoint: "http://api/v1" });
      assert.deepEqual(granted.headers, { "X-Auth-Token": "notused" });
      assert.equal(granted.lifetimeMs, undefined);
    });
  }
});

suite("where it asks", () => {
  const scoped = { ...user, project_id: "p1" };
  for (const [path, requests] of [
    ["/v3", ["GET /v3", "POST /v3/auth/tokens"]],
    ["/v3/", ["GET /v3", "POST /v3/auth/tokens"]],
    ["", ["GET /", "POST /v3/auth/tokens"]],
    ["/", ["GET /", "POST /v3/auth/tokens"]],
  ] as const) {
    test(`auth_url ending in "${path}"`, async () => {
      const { requests: sent, granted } = await login(scoped, path);
      assert.deepEqual(sent, requests);
      assert.equal(granted.lifetimeMs, 3_600_000);
    });
  }

  for (const [options, path] of [
    [{ ...scoped, auth_type: "v3password" }, "/v3"],
    [{ ...scoped, auth_type: "v3password" }, "/"],
    [{ auth_type: "v3token", token: "old", project_id: "p1" }, "/v3/"],
  ] as const) {
    test(`${options.auth_type} with auth_url ending in "${path}" asks for no versions`, async () => {
      assert.deepEqual((await login(options, path)).requests, ["POST /v3/auth/tokens"]);
    });
  }

  const discovering =
    (document: unknown, status = 200) =>
    async (path: string) => {
      await using cloud = await FakeCloud.start();
      const sent: string[] = [];
      await using front = await TestServer.start((request, response) => {
        sent.push(`${request.method} ${request.path}`);
        if (request.method === "GET") return json(response, status, document);
        cloud.issue(response);
      });
      await authorize({ ...scoped, auth_url: `${front.origin}${path}` });
      return sent;
    };

  test("a Keystone that names itself by another address gets the password at the configured one", async () => {
    const document = { version: { id: "v3.14", links: [{ rel: "self", href: "http://10.0.0.5:5000/v3/" }] } };
    assert.deepEqual(await discovering(document)("/identity/v3"), [
      "GET /identity/v3",
      "POST /identity/v3/auth/tokens",
    ]);
  });

  test("a link without a host is taken as one of the configured host", async () => {
    const document = { versions: { values: [{ id: "v3.14", links: [{ rel: "self", href: "/keystone/v3/" }] }] } };
    assert.deepEqual(await discovering(document, 300)("/keystone"), ["GET /keystone", "POST /keystone/v3/auth/tokens"]);
  });

  test("no version document: the URL's own path decides", async () => {
    assert.deepEqual(await discovering("<h1>Not here</h1>", 404)("/v3"), ["GET /v3", "POST /v3/auth/tokens"]);
    assert.deepEqual(await discovering("{}")(""), ["GET /", "POST /v3/auth/tokens"]);
  });

  test("a Keystone without version 3 is reported as too old", async () => {
    const document = { versions: { values: [{ id: "v2.0", links: [] }] } };
    await assert.rejects(discovering(document, 300)(""), /no version 3 of its API \(it has: v2\.0\)/);
  });
});

suite("options that make no login are recognised before anything is sent", () => {
  const cases: readonly [AuthOptions, RegExp][] = [
    [{ auth_type: "kerberos" }, /auth_type kerberos is not known: one of password, v3password, token/],
    [{ auth_type: "constructor" }, /auth_type constructor is not known/],
    [{ ...user }, /auth_type password needs auth_url/],
    [{ auth_url: "http://k", username: "masakari", user_domain_name: "Default" }, /needs password/],
    [{ auth_url: "http://k", password: "pw" }, /needs username or user_id/],
    [{ auth_url: "http://k", username: "masakari", password: "pw" }, /set user_domain_name/],
    [{ auth_url: "http://k", ...user, project_name: "service" }, /set project_domain_name/],
    [{ auth_url: "http://k", ...user, project_id: "p", system_scope: "all" }, /only one of/],
    [{ auth_url: "http://k", ...user, system_scope: "some" }, /one possible value: all/],
    [{ auth_type: "token", auth_url: "http://k" }, /auth_type token needs token/],
    [{ auth_type: "v3applicationcredential", auth_url: "http://k" }, /needs application_credential_secret/],
    [
      { auth_type: "v3applicationcredential", auth_url: "http://k", application_credential_secret: "s" },
      /needs application_credential_id, or application_credential_name and the user/,
    ],
    [{ auth_type: "none" }, /auth_type none needs endpoint/],
    [{ auth_type: "http_basic", endpoint: "http://a", username: "u" }, /needs password/],
    [{ auth_type: "admin_token", endpoint: "http://a" }, /auth_type admin_token needs token/],
  ];
  for (const [options, message] of cases) {
    test(String(message), async () => {
      await assert.rejects(createAuthPlugin(options), (error: unknown) => {
        assert.ok(error instanceof AuthOptionsError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

suite("a response to a login that is none", () => {
  const loginAfter = async (status: number, body: unknown, headers = {}) => {
    await using cloud = await FakeCloud.start();
    cloud.login = (_, response) => json(response, status, body, headers);
    return await authorize(cloud.options());
  };

  test("200 from something that is not Keystone", async () => {
    await assert.rejects(loginAfter(200, "<html>Sign in to the guest network</html>"), /is auth_url Keystone's URL\?/);
  });

  test("a token without a header", async () => {
    await assert.rejects(loginAfter(201, { token: {} }), /responded to a login without a token/);
  });

  test("404", async () => {
    await assert.rejects(
      loginAfter(404, { error: { message: "no such thing" } }),
      /returned 404 .*no such thing Check auth_url in \[api\]/,
    );
  });

  test("a lifetime that cannot be read means until it is refused", async () => {
    const granted = await loginAfter(
      201,
      { token: { issued_at: "now", expires_at: "later" } },
      { "X-Subject-Token": "t" },
    );
    assert.equal(granted.lifetimeMs, undefined);
  });
});
