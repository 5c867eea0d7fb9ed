import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerOverview } from "../../../../src/status/page/overview.ts";
import { type PageRouteParts, pageRoutes } from "../../../../src/status/page/routes.ts";
import type { RouteResponse } from "../../../../src/status/routes.ts";
import { hostOverview, PAGE_NOW, peerOverview } from "../../../support/page-overview.ts";

const body = () => Promise.resolve(undefined);

async function get(
  path: string,
  host: string | undefined,
  changes: Partial<PageRouteParts> = {},
): Promise<RouteResponse> {
  const peers: readonly PeerOverview[] = [peerOverview("compute-1"), peerOverview("compute-2")];
  const routes = pageRoutes({
    host: { now: () => Promise.resolve(hostOverview("compute-1")) },
    peers: { now: () => Promise.resolve(peers) },
    address: "127.0.0.1",
    hasLogin: false,
    now: () => PAGE_NOW,
    ...changes,
  });
  const route = routes[path];
  assert.ok(route !== undefined && route.method === "GET", path);
  return await route.handle({ query: undefined, host, body });
}

test("every path has a policy that allows nothing inline and nothing of others", async () => {
  for (const path of ["/", "/page.css", "/page.js", "/icon.svg", "/host.json"]) {
    const { status, headers, body: sent } = await get(path, "127.0.0.1:9101");
    assert.equal(status, 200, path);
    const policy = headers?.["Content-Security-Policy"] ?? "";
    assert.match(
      policy,
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';/,
    );
    assert.doesNotMatch(policy, /unsafe|\*|data:/);
    assert.ok(JSON.stringify(sent).length > 50, path);
  }
});

test("this host, listed among its own peers, is one row", async () => {
  const { body: page } = await get("/", "localhost");
  assert.equal(String(page).match(/scope="row">compute-1</g)?.length, 1);
  assert.equal(String(page).match(/scope="row">compute-2</g)?.length, 1);
});

test("on loopback without a login, a name that somebody else controls gets nothing", async () => {
  for (const host of ["evil.example:9101", "localhost.evil.example", undefined, ""]) {
    assert.equal((await get("/host.json", host)).status, 421, String(host));
  }
  for (const host of ["localhost:9101", "LOCALHOST", "127.0.0.1", "[::1]:9101"]) {
    assert.equal((await get("/host.json", host)).status, 200, host);
  }
  assert.equal((await get("/host.json", "ops.example", { hasLogin: true })).status, 200);
  assert.equal((await get("/host.json", "compute-1.example", { address: "10.0.0.1" })).status, 200);
});
