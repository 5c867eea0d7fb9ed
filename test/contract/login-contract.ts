import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { createTransport, type Transport } from "../../src/http/transport.ts";
import type { Authorization, AuthPlugin } from "../../src/openstack/auth/plugin.ts";
import { createAuthPlugin } from "../../src/openstack/auth/plugins.ts";
import type { ApiOptions } from "../../src/openstack/create-session.ts";
import { AuthenticationError, CatalogError, HttpStatusError } from "../../src/openstack/errors.ts";
import { Session } from "../../src/openstack/session.ts";
import { clientOf, context, signal, type Target } from "./target.ts";

/** Logging in, every way, and what becomes of tokens. */
export function loginContract(target: Target): void {
  /** Proves that the login works at Keystone, in the catalog and at the API. */
  const works = async (t: TestContext, api: ApiOptions) => {
    const client = await clientOf(t, api);
    assert.equal((await client.version({ signal: signal() })).min_version, "1.0");
  };

  suite("login", () => {
    for (const auth_type of ["password", "v3password"]) {
      test(`by ${auth_type}`, async (t) => await works(t, { ...target().api, auth_type }));
    }

    for (const [what, change] of [
      ["with a slash at the end", (url: string) => `${url}/`],
      ["without a version", (url: string) => url.replace(/\/v3$/, "")],
      ["without a version, with a slash", (url: string) => url.replace(/v3$/, "")],
    ] as const) {
      test(`with an auth_url ${what}`, async (t) => {
        const { api } = target();
        await works(t, { ...api, auth_url: change(api.auth_url ?? "") });
      });
    }

    test("by domain ids", async (t) => {
      const { user_domain_name: _, project_domain_name: __, ...api } = target().api;
      await works(t, { ...api, default_domain_id: "default" });
    });

    for (const auth_type of ["token", "v3token"]) {
      test(`by ${auth_type}, made by an earlier login`, async (t) => {
        const { username: _, password: __, ...api } = target().api;
        await works(t, { ...api, auth_type, token: await freshToken(t, target().api) });
      });
    }

    test("by application credential", async (t) => {
      const { api, applicationCredential } = target();
      const { auth_url, username, user_domain_name, region } = api;
      const login = { auth_url, username, user_domain_name, region, auth_type: "v3applicationcredential" };
      const { name: application_credential_name, secret: application_credential_secret } = applicationCredential;
      await works(t, { ...login, application_credential_name, application_credential_secret });
      await assert.rejects(
        works(t, { ...login, application_credential_name, application_credential_secret: "not-the-secret" }),
        AuthenticationError,
      );
    });
  });

  suite("a login that is refused", () => {
    const refused = async (t: TestContext, change: Partial<ApiOptions>, kind: typeof AuthenticationError) => {
      const client = await clientOf(t, { ...target().api, ...change });
      await assert.rejects(client.version({ signal: signal() }), (error: unknown) => {
        assert.ok(error instanceof kind, String(error));
        assert.doesNotMatch(error.message, /not-the-password/);
        return true;
      });
    };

    test("for its password", async (t) => await refused(t, { password: "not-the-password" }, AuthenticationError));
    test("for its user", async (t) => await refused(t, { username: "nobody-of-that-name" }, AuthenticationError));
    test("for its project", async (t) => await refused(t, { project_name: "no-such-project" }, AuthenticationError));
    test("for its domain", async (t) => await refused(t, { user_domain_name: "NoSuchDomain" }, AuthenticationError));

    test("for a token that is none", async (t) => {
      const client = await clientOf(t, { ...target().api, auth_type: "token", token: "not-a-token" });
      await assert.rejects(client.version({ signal: signal() }), (error: unknown) => {
        assert.ok(error instanceof AuthenticationError || error instanceof HttpStatusError, String(error));
        assert.doesNotMatch(error.message, /not-a-token/);
        return true;
      });
    });
  });

  suite("a token that the API refuses", () => {
    test("because it is garbage: one renewal for all who wait, and nobody sees it", async (t) => {
      const real = await createAuthPlugin(target().api);
      let logins = 0;
      const { session } = sessionWith(t, target().api, {
        ...real,
        who: real.who,
        renewable: true,
        secrets: [],
        authorize: async (transport, ending) => {
          logins += 1;
          const granted = await real.authorize(transport, ending);
          return logins === 1 ? { ...granted, headers: { "X-Auth-Token": "garbage" } } : granted;
        },
      });
      const ask = () => session.request({ method: "GET", path: "/segments", headers: {} }, signal());
      const responses = await Promise.all(Array.from({ length: 20 }, ask));
      assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
      assert.equal(logins, 2);
    });

    test("because it was revoked: the same", async (t) => {
      const real = await createAuthPlugin(target().api);
      const granted: Authorization[] = [];
      const { session, transport } = sessionWith(t, target().api, {
        who: real.who,
        renewable: true,
        secrets: [],
        authorize: async (transport, ending) => {
          const authorization = await real.authorize(transport, ending);
          granted.push(authorization);
          return authorization;
        },
      });
      await session.endpoint(signal());
      const token = granted[0]?.headers["X-Auth-Token"] ?? assert.fail("no token");
      const revoked = await transport.send(
        {
          method: "DELETE",
          url: `${target().api.auth_url}/auth/tokens`,
          peer: "Keystone",
          headers: { "X-Auth-Token": token, "X-Subject-Token": token },
        },
        signal(),
      );
      assert.equal(revoked.status, 204);
      const response = await session.request({ method: "GET", path: "/segments", headers: {} }, signal());
      assert.equal(response.status, 200);
      assert.equal(granted.length, 2);
    });
  });

  suite("the catalog", () => {
    test("leads to every interface", async (t) => {
      for (const api_interface of ["public", "internal", "admin"]) await works(t, { ...target().api, api_interface });
    });

    test("without the region lists those that there are", async (t) => {
      const client = await clientOf(t, { ...target().api, region: "Elsewhere" });
      await assert.rejects(client.version({ signal: signal() }), (error: unknown) => {
        assert.ok(error instanceof CatalogError);
        assert.match(error.message, new RegExp(`in region Elsewhere; it has: .*public in ${target().api.region}`));
        return true;
      });
    });
  });
}

function sessionWith(
  t: TestContext,
  api: ApiOptions,
  plugin: AuthPlugin,
): { readonly session: Session; readonly transport: Transport } {
  const transport = createTransport({ ...context(), timeoutMs: 120_000 });
  const { clock, log } = context();
  const service = {
    name: "Masakari",
    major: 1,
    serviceType: "instance-ha",
    interface: "public",
    region: api.region,
    isService: () => true,
  };
  const session = new Session({ plugin, transport, clock, log, service });
  t.after(() => session.close());
  return { session, transport };
}

async function freshToken(t: TestContext, api: ApiOptions): Promise<string> {
  const transport = createTransport({ ...context(), timeoutMs: 120_000 });
  t.after(() => transport.close());
  const plugin = await createAuthPlugin(api);
  const { secrets } = await plugin.authorize(transport, signal());
  return secrets[0] ?? assert.fail("a login without a token");
}
