import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { whyDifferent } from "../contract/known-differences.ts";
import { type ApiCall, RandomCalls } from "../contract/random-calls.ts";
import { type Played, Side } from "../contract/random-play.ts";
import { comparableBody, comparableHead } from "../support/compare-exchange.ts";
import { logIn, startFor } from "../support/control-plane.ts";
import type { RawResponse } from "../support/raw-request.ts";
import { Side as Names } from "../support/same-world.ts";
import { Seeded } from "../support/seeded.ts";
import { againWith, drawnSeed, schedulesOr } from "../support/seeds.ts";
import { callJson, KeystoneApi } from "./openstack/keystone-api.ts";
import { missingPackages } from "./openstack/packages.ts";
import { startOpenStack } from "./openstack/servers.ts";

/** Calls of one run. */
const CALLS = 150;

async function realApi(context: TestContext): Promise<Played> {
  const servers = await startOpenStack({ engine: false });
  context.after(() => servers.stop());
  const { keystoneUrl, masakariUrl, admin, monitors } = servers.address;
  const api = new KeystoneApi(keystoneUrl);
  await api.logIn(admin);
  const demo = { username: "demo", password: "demo-secret-of-tests", project: "demo" };
  await api.createUser(demo, "member");
  const token = await api.token(monitors);
  const { body } = await callJson("GET", `${keystoneUrl}/auth/tokens`, {
    token,
    headers: { "X-Subject-Token": token },
  });
  return {
    origin: new URL(masakariUrl).origin,
    tokens: { admin: token, member: await api.token(demo) },
    projectId: body.token.project.id,
  };
}

async function ourApi(context: TestContext): Promise<Played> {
  const cloud = await startFor(context, { release: "1.2", duplicateInterval: 180 });
  const token = await logIn(cloud);
  const { body } = await callJson("GET", `${cloud.keystoneUrl}/auth/tokens`, {
    token,
    headers: { "X-Subject-Token": token },
  });
  return {
    origin: new URL(cloud.masakariUrl).origin,
    tokens: { admin: token, member: await logIn(cloud, "demo") },
    projectId: body.token.project.id,
  };
}

/** What two services must agree on. */
function comparable({ status, headers, body }: RawResponse, names: Names) {
  // An id that was sent in capitals is quoted in them.
  const text = body.replaceAll(/\b[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\b/g, (id) => id.toLowerCase());
  return { ...comparableHead(status, headers, names), body: comparableBody(text, names) };
}

const line = ({ method, path, headers, body, user }: ApiCall): string =>
  `${user} ${method} ${path} ${JSON.stringify(headers)} ${typeof body === "string" ? body : body.toString("latin1")}`;

test("whatever the calls, the embedded API returns what masakari-api 14.0.2 does, and never 500", {
  skip: await missingPackages(),
}, async (t) => {
  const [real, ours] = [new Side(await realApi(t)), new Side(await ourApi(t))];
  const [realNames, ourNames] = [new Names(), new Names()];
  const calls = new RandomCalls(new Seeded(drawnSeed), () => ours.made);
  const count = schedulesOr(CALLS);
  for (let number = 1; number <= count; number++) {
    const call = calls.next();
    const [theirs, own] = [await real.send(call), await ours.send(call)];
    const [expected, actual] = [comparable(theirs, realNames), comparable(own, ourNames)];
    const where = `call ${number}: ${line(call)}\n${againWith(drawnSeed, count)}`;
    assert.ok(own.status < 500, `${where}\n${own.body}`);
    if (whyDifferent(call, theirs, own) === undefined) assert.deepEqual(actual, expected, where);
    assert.deepEqual(ours.made, real.made, where);
  }
});
