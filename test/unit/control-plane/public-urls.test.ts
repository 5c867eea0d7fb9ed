import assert from "node:assert/strict";
import { test } from "node:test";
import { callMasakari, logIn, startFor } from "../../support/control-plane.ts";
import { rawRequest } from "../../support/raw-request.ts";

const publicUrls = { identity: "https://ha.example.org/identity/v3", "instance-ha": "https://ha.example.org/ha/v1" };

test("behind a reverse proxy, catalog and links have the addresses that clients use", async (context) => {
  const cloud = await startFor(context, { publicUrls, keystonePort: 0 });
  assert.deepEqual([cloud.keystoneUrl, cloud.masakariUrl], [publicUrls.identity, publicUrls["instance-ha"]]);
});

test("X-Forwarded headers count from a trusted proxy only", async (context) => {
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "ha.example.org" };
  for (const [trustedProxies, href] of [
    [["127.0.0.1"], "https://ha.example.org/v1/"],
    [[], undefined],
  ] as const) {
    const cloud = await startFor(context, { trustedProxies });
    const root = cloud.masakariUrl.replace(/v1$/, "");
    const { body } = await rawRequest(root, "GET", forwarded);
    assert.match(body, new RegExp(`"href": "${href ?? `${root}v1/`}"`));
    const token = await logIn(cloud);
    const shown = await callMasakari(cloud, token, "GET", "", undefined, forwarded);
    assert.match(shown.body, new RegExp(`"href": "${href ?? `${root}v1/`}"`));
  }
});
