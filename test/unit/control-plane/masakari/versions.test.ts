import assert from "node:assert/strict";
import { test } from "node:test";
import { startFor } from "../../../support/control-plane.ts";
import { rawRequest } from "../../../support/raw-request.ts";

/** As masakari-api 14.0.2 of Debian answered: the path that was asked for, and what its links have behind `/v1/`. */
const answered = [
  ["/notifications/a%2Fb", "notifications/a/b"],
  ["/%2Fx", "x"],
  ["/x%2F", "x"],
  ["/%2e%2e", ".."],
  ["/a%20b", "a%20b"],
  ["/a%zz", "a%25zz"],
  ["/a%", "a%25"],
  ["/%C3%A4", "%C3%A4"],
  ["/a!$&'()*+,;=:@b~_-.", "a!$&'()*+,;=:@b~_-."],
  ["/a%22%3c%3E", "a%22%3C%3E"],
  ["/%2561", "%2561"],
  ["/x%3Fy?z", "x%3Fy"],
] as const;

test("outside /v1 the path is shown decoded, and encoded again, as the real service does", async (t) => {
  const { masakariUrl } = await startFor(t);
  const { origin } = new URL(masakariUrl);
  for (const [path, rest] of answered) {
    const { status, body } = await rawRequest(`${origin}${path}`, "GET");
    assert.equal(status, 300, path);
    assert.equal(JSON.parse(body).choices[0].links[0].href, `${origin}/v1/${rest}`, path);
  }
  assert.equal((await rawRequest(`${origin}/%2F`, "GET")).status, 200);
});
