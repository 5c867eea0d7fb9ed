import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { playIdentityStory } from "../../contract/identity-story.ts";
import { startFor } from "../../support/control-plane.ts";

const recording = new URL("../../fixtures/keystone/identity-story-22.0.2.txt", import.meta.url);

/** What the embedded Keystone answers otherwise, and why: the request, the recorded part, and what stands for it here. */
const different: readonly [request: string, recorded: string, ours: string, why: string][] = [
  [
    "GET /roles\n200",
    '"name": "reader"], "links"',
    '"name": "reader", "name": "service"], "links"',
    "newer Keystones are bootstrapped with the role service",
  ],
];

test("projects, users, roles, the catalog, application credentials and trusts are as Keystone 22.0.2 has them", async (context) => {
  const teller = { name: "admin", password: "admin-secret-of-tests", project: "admin" };
  const cloud = await startFor(context, { users: [{ ...teller, roles: ["admin"] }] });
  const actual = await playIdentityStory({ url: cloud.keystoneUrl, ...teller });
  const recorded = readFileSync(recording, "utf8").trim().split("\n\n");
  assert.equal(actual.length, recorded.length);
  for (const [index, exchange] of recorded.entries()) {
    const known = different.find(([request]) => exchange.startsWith(request));
    const expected = known === undefined ? exchange : exchange.replace(known[1], known[2]);
    if (known !== undefined) assert.notEqual(exchange, expected, `${known[3]}: does not differ any more`);
    assert.equal(actual[index], expected);
  }
});
