import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ResponseError } from "../../../src/http/errors.ts";
import type { HttpResponse } from "../../../src/http/transport.ts";
import { discoverEndpoint } from "../../../src/openstack/endpoint-discovery.ts";
import { isMasakariVersion } from "../../../src/openstack/masakari-response.ts";

const entry = (href: string | undefined, id = "v1.0") => ({
  id,
  status: "CURRENT",
  links: href === undefined ? [] : [{ rel: "self", href }],
});
const httpResponse = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: {},
  body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
});
const root = (...versions: object[]) => httpResponse(300, { versions });
const one = httpResponse(200, {
  version: { ...entry("http://vip:15868/v1/"), "media-types": [{ type: "x.masakari+json" }] },
});

/** The response at each URL; 404 elsewhere. A token is needed below `needsToken`. */
async function discover(url: string, responses: Readonly<Record<string, HttpResponse>>, projectId?: string) {
  const asked: string[] = [];
  const endpoint = await discoverEndpoint(url, {
    get: (wanted, withToken) => {
      asked.push(`${wanted}${withToken ? " with the token" : ""}`);
      return Promise.resolve(responses[wanted] ?? httpResponse(404, "<h1>Not Found</h1>"));
    },
    name: "Masakari",
    major: 1,
    isService: isMasakariVersion,
    projectId,
  });
  return { endpoint, asked };
}

suite("a URL with version 1 is used as it is, and nothing is asked", () => {
  for (const [url, endpoint, versionUrl] of [
    ["http://vip:15868/v1", "http://vip:15868/v1", "http://vip:15868/v1"],
    ["http://vip:15868/v1/", "http://vip:15868/v1", "http://vip:15868/v1"],
    ["http://vip:15868/v1/abcdef", "http://vip:15868/v1/abcdef", "http://vip:15868/v1"],
    ["http://vip:15868/v1/123456/", "http://vip:15868/v1/123456", "http://vip:15868/v1"],
    ["https://vip/instance-ha/v1", "https://vip/instance-ha/v1", "https://vip/instance-ha/v1"],
    ["https://vip/a/b/v1/abcdef", "https://vip/a/b/v1/abcdef", "https://vip/a/b/v1"],
    ["http://[fd00::1]:15868/v1", "http://[fd00::1]:15868/v1", "http://[fd00::1]:15868/v1"],
  ] as const) {
    test(url, async () => {
      const found = await discover(url, {});
      assert.deepEqual([found.endpoint.url, found.endpoint.versionUrl, found.asked], [endpoint, versionUrl, []]);
    });
  }
});

suite("a URL without version 1 keeps its origin and prefix, whatever the document contains", () => {
  for (const [what, url, document, expected] of [
    ["Kolla-Ansible", "http://vip:15868", root(entry("http://vip:15868/v1/")), "http://vip:15868/v1"],
    ["a slash at the end", "http://vip:15868/", root(entry("http://vip:15868/v1/")), "http://vip:15868/v1"],
    [
      "200",
      "http://vip:15868",
      httpResponse(200, { versions: [entry("http://vip:15868/v1/")] }),
      "http://vip:15868/v1",
    ],
    [
      "Keystone's form",
      "http://vip",
      httpResponse(300, { versions: { values: [entry("http://vip/v1")] } }),
      "http://vip/v1",
    ],
    ["another host", "https://vip:15868", root(entry("http://10.0.0.1:15868/v1/")), "https://vip:15868/v1"],
    ["another scheme", "https://vip", root(entry("http://vip/v1/")), "https://vip/v1"],
    ["another host, with a prefix", "https://vip/ha", root(entry("http://10.0.0.1/v1/")), "https://vip/ha/v1"],
    ["a prefix that the API knows", "http://vip/ha", root(entry("http://vip/ha/v1/")), "http://vip/ha/v1"],
    ["a relative link", "http://vip/ha", root(entry("v1/")), "http://vip/ha/v1"],
    ["no link", "http://vip/ha", root(entry(undefined)), "http://vip/ha/v1"],
    ["a link that is none", "http://vip/ha", root(entry("http://[bad")), "http://vip/ha/v1"],
    ["several versions", "http://vip", root(entry("http://vip/v2", "v2.1"), entry("http://vip/v1")), "http://vip/v1"],
    ["another version in the catalog", "http://vip/ha/v2", root(entry("http://vip/ha/v1")), "http://vip/ha/v1"],
  ] as const) {
    test(what, async () => {
      const at = url.replace(/\/(v2)?$/, "");
      const { endpoint, asked } = await discover(url, { [at]: document });
      assert.equal(endpoint.url, expected);
      assert.equal(endpoint.note, undefined);
      assert.equal(asked[0], at);
      const { origin } = new URL(url);
      assert.deepEqual(
        asked.filter((one) => !one.startsWith(`${origin}/`) && one !== origin),
        [],
        "the token stays where the catalog leads",
      );
    });
  }

  test("the token's project behind it stays behind the version", async () => {
    const { endpoint } = await discover("http://vip/abc", { "http://vip": root(entry("http://vip/v1/")) }, "abc");
    assert.deepEqual([endpoint.url, endpoint.versionUrl], ["http://vip/v1/abc", "http://vip/v1"]);
  });

  test("a root that wants a token gets it", async () => {
    const responses = { "http://vip": httpResponse(401, {}) };
    assert.deepEqual((await discover("http://vip", responses)).asked, ["http://vip", "http://vip with the token"]);
  });
});

suite("where two places are possible, the one that answers as Masakari is taken", () => {
  const document = root(entry("http://vip/v1/"));

  test("the prefix, which the API does not know", async () => {
    const { endpoint } = await discover("http://vip/ha", { "http://vip/ha": document, "http://vip/ha/v1": one });
    assert.equal(endpoint.url, "http://vip/ha/v1");
  });

  test("the link's path, as keystoneauth takes it", async () => {
    const { endpoint } = await discover("http://vip/ha", { "http://vip/ha": document, "http://vip/v1": one });
    assert.equal(endpoint.url, "http://vip/v1");
  });

  test("the URL itself, where a proxy has put the version behind it", async () => {
    assert.equal((await discover("http://vip/ha", { "http://vip/ha": one })).endpoint.url, "http://vip/ha");
  });

  test("neither: the prefix", async () => {
    assert.equal((await discover("http://vip/ha", { "http://vip/ha": document })).endpoint.url, "http://vip/ha/v1");
  });

  test("another spelling of the version", async () => {
    assert.equal((await discover("http://vip/v1.0", { "http://vip/v1": one })).endpoint.url, "http://vip/v1");
    assert.equal((await discover("http://vip/v1.0", { "http://vip/v1.0": one })).endpoint.url, "http://vip/v1.0");
    assert.equal((await discover("http://vip/ha/1", { "http://vip/ha/1": one })).endpoint.url, "http://vip/ha/1");
  });
});

suite("no version document at the root", () => {
  for (const [what, response, lasting] of [
    ["404", httpResponse(404, "<h1>Not Found</h1>"), true],
    ["403", httpResponse(403, ""), true],
    ["a page", httpResponse(200, "<html>It works!</html>"), true],
    ["a list", httpResponse(200, []), true],
    ["a document without versions", httpResponse(300, { versions: [] }), true],
    ["503 of a load balancer", httpResponse(503, "<h1>503 Service Unavailable</h1>"), false],
  ] as const) {
    test(`${what}: /v1 is assumed, and messages contain that`, async () => {
      const { endpoint } = await discover("http://vip/ha", { "http://vip/ha": response });
      assert.equal(endpoint.url, "http://vip/ha/v1");
      assert.equal(endpoint.lasting, lasting);
      assert.match(endpoint.note ?? "", new RegExp(`^http://vip/ha names no version, and returned ${response.status}`));
    });
  }
});

test("a service without a version 1 is reported as another one", async () => {
  const responses = { "http://vip": root(entry("http://vip/v3/", "v3.14"), entry("http://vip/v2.0/", "v2.0")) };
  await assert.rejects(
    discover("http://vip", responses),
    (error: unknown) =>
      error instanceof ResponseError && /no version 1 of its API \(it has: v3\.14, v2\.0\)/.test(error.message),
  );
});

test("what is no URL is reported as none", async () => {
  for (const url of ["vip:15868", "ftp://vip/v1", "/v1", `${"x".repeat(100_000)}`]) {
    await assert.rejects(
      discover(url, {}),
      (error: unknown) =>
        error instanceof ResponseError &&
        /is not an http:\/\/ or https:\/\/ URL/.test(error.message) &&
        error.message.length < 500,
    );
  }
});
