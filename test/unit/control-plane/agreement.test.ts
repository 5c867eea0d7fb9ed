import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { logIn, startTestControlPlane } from "../../support/control-plane.ts";
import { registerHost } from "../../support/control-plane-hosts.ts";
import { rawRequest } from "../../support/raw-request.ts";

/** What random calls (test/system/control-plane-random.test.ts) have found that masakari 14.0.2 does and the embedded one did not. */
describe("as masakari 14.0.2", () => {
  let cloud: ControlPlane;
  let token: string;
  let hosts: string;

  before(async () => {
    cloud = await startTestControlPlane({ release: "1.2" });
    token = await logIn(cloud);
    const { segment } = await registerHost(cloud, token, "h1");
    await registerHost(cloud, token, "h2");
    hosts = `/v1/segments/${segment}/hosts`;
  });
  after(() => cloud.close());

  async function send(method: string, path: string, headers: Record<string, string> = {}, body: string | Buffer = "") {
    const { origin } = new URL(cloud.masakariUrl);
    const sent = { "x-auth-token": token, accept: "application/json", "content-type": "application/json", ...headers };
    return await rawRequest(origin + path, method, sent, body);
  }
  const message = (body: string): string =>
    Object.values(JSON.parse(body) as Record<string, { message: string }>)[0]?.message ?? "";

  test("a number is quoted as Python shows it", async () => {
    const shown = {
      ...{ "5.0": "5.0", "5": "5", "-0.0": "-0.0", "-0": "0", "1.50": "1.5", "1e5": "100000.0", "1E400": "inf" },
      ...{ "12345678901234567890": "12345678901234567890", "1e16": "1e+16", "1.5e-7": "1.5e-07", "0.0001": "0.0001" },
    };
    for (const [sent, quoted] of Object.entries(shown)) {
      const { status, body } = await send("POST", "/v1/segments", {}, `{"segment": {"name": ${sent}}}`);
      assert.equal(status, 400);
      assert.equal(
        message(body),
        `Invalid input for field/attribute name. Value: ${quoted}. ${quoted} is not of type 'string'`,
      );
    }
    const { body } = await send("POST", "/v1/segments", {}, '{"segment": {"name": {"a": [1.0, {"b": 2}]}}}');
    assert.match(message(body), /^Invalid input for field\/attribute name\. Value: \{'a': \[1\.0, \{'b': 2\}\]\}\. /);
    assert.equal(message((await send("POST", "/v1/segments", {}, "5.0")).body), "5.0 is not of type 'object'");
  });

  test("a list complains first about its limit, then about the segment, filters, directions, the marker and the keys", async () => {
    const all = "limit=x&reserved=x&sort_dir=x&marker=x&sort_key=x";
    const steps: readonly [query: string, status: number, text: RegExp][] = [
      [all, 400, /limit must be an integer/],
      [all.replace("limit=x", "limit=1"), 400, /Invalid value for reserved/],
      ["limit=1&sort_dir=x&marker=x&sort_key=x", 400, /Unknown sort direction/],
      ["limit=1&marker=x&sort_key=x", 400, /Marker x could not be found/],
      ["limit=1&sort_key=x", 400, /InvalidSortKey/],
    ];
    for (const [query, status, text] of steps) {
      const response = await send("GET", `${hosts}?${query}`);
      assert.equal(response.status, status, query);
      assert.match(message(response.body), text);
    }
    const nowhere = await send("GET", "/v1/segments/x/hosts?limit=x");
    assert.match(message(nowhere.body), /limit must be an integer/);
    assert.equal((await send("GET", "/v1/segments/x/hosts?limit=1&reserved=x")).status, 404);
  });

  test("a list of nothing is not sorted, and has no marker", async () => {
    for (const path of [hosts, "/v1/segments", "/v1/notifications"]) {
      const { status, body } = await send("GET", `${path}?limit=0&sort_dir=x&marker=x&sort_key=x`);
      assert.equal(status, 200);
      assert.deepEqual(Object.values(JSON.parse(body)), [[]]);
    }
  });

  test("a list may be sorted by whether its rows are deleted, which none is", async () => {
    const { body } = await send("GET", "/v1/segments?sort_key=deleted&sort_dir=asc");
    const names = (JSON.parse(body) as { segments: { name: string }[] }).segments.map(({ name }) => name);
    assert.deepEqual(names, ["segment-of-h1", "segment-of-h2"]);
  });

  test("what has no route is read all the same", async () => {
    for (const path of ["/", "/v2/segments"]) {
      assert.equal((await send("GET", path, { "content-type": "text/xml" })).status, 415);
      assert.equal((await send("PUT", path, {}, "{")).status, 400);
      assert.equal((await send("PUT", path, {}, "{}")).status, path === "/" ? 200 : 300);
    }
  });

  test("a path that ends in .json has JSON's own media type, whatever is accepted", async () => {
    const accept = "application/vnd.openstack.masakari+json";
    assert.equal((await send("GET", "/v1/segments.json", { accept })).headers["content-type"], "application/json");
    assert.equal((await send("GET", "/v1/segments", { accept })).headers["content-type"], accept);
  });
});
