import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { passwordLogin, startFor } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";

const hour = 3600_000;

/** A trustor and a trustee, with a trust between them that ends after ten minutes, and a token that the trustee got by it. */
async function startWithTrust(context: TestContext, impersonation: boolean) {
  let now = Date.UTC(2026, 10, 28);
  const names = ["admin", "trustor", "trustee"] as const;
  const users = names.map((name) => ({
    ...{ name, password: name, project: name },
    roles: [name === "admin" ? ("admin" as const) : ("member" as const)],
  }));
  const { keystoneUrl } = await startFor(context, { users, now: () => now });
  const send = async (method: string, path: string, token: string, body?: unknown) => {
    const headers = { "content-type": "application/json", "x-auth-token": token };
    const text = body === undefined ? "" : JSON.stringify(body);
    const response = await rawRequest(keystoneUrl + path, method, headers, text);
    // biome-ignore lint/suspicious/noExplicitAny: read as the responses are, fails on what is not there
    const content: any = response.body === "" ? undefined : JSON.parse(response.body);
    return { status: response.status, content, token: String(response.headers["x-subject-token"]) };
  };
  const logIn = (name: string) => send("POST", "/auth/tokens", "", passwordLogin(name, name, name));
  const [admin, trustor, trustee] = [await logIn("admin"), await logIn("trustor"), await logIn("trustee")];
  const made = await send("POST", "/OS-TRUST/trusts", trustor.token, {
    trust: {
      trustor_user_id: trustor.content.token.user.id,
      trustee_user_id: trustee.content.token.user.id,
      project_id: trustor.content.token.project.id,
      roles: [{ name: "member" }],
      impersonation,
      expires_at: new Date(now + hour / 6).toISOString(),
    },
  });
  assert.equal(made.status, 201);
  const lent = await send("POST", "/auth/tokens", "", {
    auth: {
      identity: { methods: ["token"], token: { id: trustee.token } },
      scope: { "OS-TRUST:trust": { id: made.content.trust.id } },
    },
  });
  assert.equal(lent.status, 201);
  return {
    isGood: async () => (await send("GET", "/auth/projects", lent.token)).status === 200,
    idOf: { trustor: trustor.content.token.user.id as string, trustee: trustee.content.token.user.id as string },
    asAdmin: (method: string, path: string, body?: unknown) => send(method, path, admin.token, body),
    projectId: trustor.content.token.project.id as string,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

test("a trustee's token ends with the trust, also if it was made from a token that lasts longer", async (context) => {
  const { isGood, wait } = await startWithTrust(context, false);
  wait(hour / 6 - 1000);
  assert.equal(await isGood(), true);
  wait(1000);
  assert.equal(await isGood(), false);
});

for (const impersonation of [true, false]) {
  for (const party of ["trustor", "trustee"] as const) {
    test(`a trustee's token (impersonation ${impersonation}) ends with the ${party}`, async (context) => {
      const { isGood, asAdmin, idOf } = await startWithTrust(context, impersonation);
      assert.equal(await isGood(), true);
      assert.equal((await asAdmin("DELETE", `/users/${idOf[party]}`)).status, 204);
      assert.equal(await isGood(), false);
    });
  }
}

test("a trust is for one use or more, and for no more than Keystone can count", async (context) => {
  const { keystoneUrl } = await startFor(context);
  const login = await rawRequest(
    `${keystoneUrl}/auth/tokens`,
    "POST",
    { "content-type": "application/json" },
    JSON.stringify(passwordLogin("masakari", "masakari-secret", "service")),
  );
  const { token } = JSON.parse(login.body) as { token: { user: { id: string }; project: { id: string } } };
  const create = (uses: string) => {
    const trust = {
      ...{ trustor_user_id: token.user.id, trustee_user_id: token.user.id, impersonation: false },
      ...{ project_id: token.project.id, roles: [{ name: "admin" }] },
    };
    const body = JSON.stringify({ trust }).replace('{"trust":{', `{"trust":{"remaining_uses":${uses},`);
    const headers = { "content-type": "application/json", "x-auth-token": String(login.headers["x-subject-token"]) };
    return rawRequest(`${keystoneUrl}/OS-TRUST/trusts`, "POST", headers, body);
  };
  for (const uses of ["1", "2147483647", "null"]) assert.equal((await create(uses)).status, 201, uses);
  for (const uses of ["0", "-1", "1.5", "2147483648", "9007199254740993", "1e300", '"1"']) {
    const { status, body } = await create(uses);
    assert.equal(status, 400, `${uses}: ${body}`);
    assert.match(body, /Invalid input for field 'remaining_uses'/);
  }
  assert.match((await create("0")).body, /0 is less than the minimum of 1/);
});
