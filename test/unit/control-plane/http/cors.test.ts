import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { logIn, startFor } from "../../../support/control-plane.ts";
import { rawRequest } from "../../../support/raw-request.ts";

const origin = "https://horizon.example.org";
const preflight = { origin, "access-control-request-method": "POST" };

/** The headers of the answer that CORS adds, and `vary`. */
async function corsOf(url: string, method: string, headers: Record<string, string>) {
  const answer = await rawRequest(url, method, headers);
  const named = Object.entries(answer.headers).filter(([name]) => /^(access-control-|vary$)/.test(name));
  return { status: answer.status, ...Object.fromEntries(named) };
}

describe("CORS", () => {
  test("lets a page of a configured origin ask and read", async (context) => {
    const cloud = await startFor(context, { corsOrigins: [origin] });
    const url = `${cloud.masakariUrl}/segments`;
    const wanted = { "access-control-request-headers": "Content-Type, x-auth-token" };
    assert.deepEqual(await corsOf(url, "OPTIONS", { ...preflight, ...wanted }), {
      status: 200,
      vary: "Origin",
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-max-age": "3600",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "Content-Type,x-auth-token",
    });
    const read = {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,X-Service-Token",
    };
    const token = await logIn(cloud);
    assert.deepEqual(await corsOf(url, "GET", { origin, "x-auth-token": token }), {
      ...{ status: 200, vary: "OpenStack-API-Version,Origin" },
      ...read,
    });
    assert.deepEqual(await corsOf(url, "GET", { origin }), { ...{ status: 401, vary: "Origin" }, ...read });
  });

  test("says nothing to others, nor for what is not allowed, nor outside /v1", async (context) => {
    const cloud = await startFor(context, { corsOrigins: [origin] });
    const url = `${cloud.masakariUrl}/segments`;
    const silent: [url: string, headers: Record<string, string>][] = [
      [url, { ...preflight, origin: "https://elsewhere.example.org" }],
      [url, { ...preflight, "access-control-request-method": "TRACE" }],
      [url, { ...preflight, "access-control-request-headers": "x-evil" }],
      [url, { origin }],
    ];
    for (const [where, headers] of silent) {
      assert.deepEqual(await corsOf(where, "OPTIONS", headers), { status: 200 }, JSON.stringify(headers));
    }
    assert.deepEqual(await corsOf(cloud.masakariUrl.replace(/v1$/, ""), "GET", { origin }), { status: 200 });
    const plain = await startFor(context);
    assert.deepEqual(await corsOf(`${plain.masakariUrl}/segments`, "OPTIONS", preflight), { status: 200 });
  });

  test("takes * for every origin", async (context) => {
    const cloud = await startFor(context, { corsOrigins: ["*"] });
    const answer = await corsOf(`${cloud.masakariUrl}/segments`, "GET", { origin });
    assert.equal((answer as Record<string, unknown>)["access-control-allow-origin"], "*");
  });
});
