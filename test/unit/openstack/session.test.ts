import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { ConnectionError } from "../../../src/http/errors.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { AuthenticationError } from "../../../src/openstack/errors.ts";
import { ask, sessionOn } from "../../support/cloud-session.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { json } from "../../support/http-server.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const signal = new AbortController().signal;

suite("a token", () => {
  test("is made once and used by every request", async () => {
    await using cloud = await FakeCloud.start();
    const session = await sessionOn(cloud);
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask(session)));
    assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
    await ask(session);
    assert.equal(cloud.logins.length, 1);
    assert.equal(cloud.server.requests.filter(({ path }) => path === "/v3").length, 1);
    session.close();
  });

  test("that is refused to 50 requests at once is renewed once, and no caller sees it", async () => {
    await using cloud = await FakeCloud.start();
    const session = await sessionOn(cloud);
    await ask(session);
    cloud.valid.clear();
    const responses = await Promise.all(Array.from({ length: 50 }, () => ask(session)));
    assert.deepEqual([...new Set(responses.map(({ status }) => status))], [200]);
    assert.equal(cloud.logins.length, 2);
    session.close();
  });

  test("that is refused although it is new ends in the 401, after one renewal", async () => {
    await using cloud = await FakeCloud.start();
    cloud.login = (_, response) => {
      cloud.issue(response);
      cloud.valid.clear();
    };
    const session = await sessionOn(cloud);
    const responses = await Promise.all(Array.from({ length: 10 }, () => ask(session)));
    assert.deepEqual([...new Set(responses.map(({ status }) => status))], [401]);
    assert.equal(cloud.logins.length, 2);
    session.close();
  });

  test("is renewed when less than 30 s of it are left", async () => {
    await using cloud = await FakeCloud.start();
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    await ask(session);
    await clock.advance(3_600_000 - 30_001);
    await ask(session);
    assert.equal(cloud.logins.length, 1);
    await clock.advance(1);
    await ask(session);
    assert.equal(cloud.logins.length, 2);
    session.close();
  });

  test("lives as long as Keystone's own two times allow, whatever this host's clock shows", async () => {
    await using cloud = await FakeCloud.start();
    cloud.keystoneTime = Date.UTC(2001, 0, 1);
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    await ask(session);
    clock.stepWall(86_400_000);
    await ask(session);
    assert.equal(cloud.logins.length, 1);
    session.close();
  });

  test("that Keystone cannot renew is used up to its end", async () => {
    await using cloud = await FakeCloud.start();
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    await ask(session);
    cloud.login = (_, response) => json(response, 503, "<h1>503 Service Unavailable</h1>");
    await clock.advance(3_600_000 - 10_000);
    assert.equal((await ask(session)).status, 200);
    await clock.advance(10_000);
    await assert.rejects(ask(session), /returned 503 to the login of user "masakari".*503 Service Unavailable/);
    session.close();
  });
});

suite("a caller that gives up", () => {
  test("does not end the login that others wait for", async () => {
    await using cloud = await FakeCloud.start();
    const arrived = Promise.withResolvers<() => void>();
    cloud.login = (_, response) => arrived.resolve(() => cloud.issue(response));
    const session = await sessionOn(cloud);
    const impatient = new AbortController();
    const first = session.endpoint(impatient.signal);
    const second = session.endpoint(signal);
    const letIn = await arrived.promise;
    impatient.abort(new Error("no patience"));
    await assert.rejects(first, /no patience/);
    letIn();
    assert.equal(await second, `${cloud.server.origin}/v1`);
    assert.equal(cloud.logins.length, 1);
    session.close();
  });
});

suite("a refused login", () => {
  test("is known, with its reason and since when, until one succeeds", async () => {
    await using cloud = await FakeCloud.start();
    cloud.login = ({ body }, response) => json(response, 401, { error: { message: `no: ${body}` } });
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    const trouble = () => session.trouble;
    assert.equal(trouble(), undefined);
    const since = clock.now();
    await ask(session).catch(() => undefined);
    await clock.advance(60_000);
    await ask(session).catch(() => undefined);
    assert.deepEqual(trouble()?.since, since);
    assert.match(trouble()?.reason ?? "", /refused the login of user "masakari"/);
    assert.ok(!trouble()?.reason.includes("masakari-secret"));

    cloud.login = undefined;
    await clock.advance(60_000);
    await ask(session);
    assert.equal(trouble(), undefined);
    session.close();
  });

  test("an error names who, why and what to check, never the password, even if Keystone quotes it", async () => {
    await using cloud = await FakeCloud.start();
    cloud.login = ({ body }, response) => json(response, 401, { error: { message: `no: ${body}` } });
    const session = await sessionOn(cloud);
    const error = await ask(session).catch((caught: unknown) => caught);
    assert.ok(error instanceof AuthenticationError);
    assert.match(error.message, /refused the login of user "masakari" \(domain "Default"\), project "service"/);
    assert.match(error.message, /Check username, password, project/);
    for (const shown of [
      error.message,
      inspect(error, { depth: 10 }),
      JSON.stringify(error),
      inspect(session, { depth: 10 }),
    ]) {
      assert.ok(!shown.includes("masakari-secret"), shown);
    }
    session.close();
  });

  test("is not repeated for 5 s: users get locked out", async () => {
    await using cloud = await FakeCloud.start();
    cloud.login = (_, response) => json(response, 401, { error: { message: "no" } });
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    for (let count = 0; count < 5; count += 1) await assert.rejects(ask(session), AuthenticationError);
    assert.equal(cloud.logins.length, 1);
    cloud.login = undefined;
    await clock.advance(5000);
    assert.equal((await ask(session)).status, 200);
    session.close();
  });
});

test("a closed session ends the login under way", async () => {
  await using cloud = await FakeCloud.start();
  const session = await sessionOn(cloud);
  cloud.login = () => session.close();
  await assert.rejects(ask(session), ConnectionError);
});

test("an endpoint given by the caller takes the place of the catalog's", async () => {
  await using cloud = await FakeCloud.start();
  const session = await createSession(cloud.options({ region: "Nowhere" }), {
    userAgent: "test",
    clock: new VirtualClock(),
    log: new KeptLog(),
    environment: {},
    endpoint: `${cloud.server.origin}/v1/`,
  });
  assert.equal((await ask(session)).url, `${cloud.server.origin}/v1/segments`);
  session.close();
});

test("insecure is warned about", async () => {
  const log = new KeptLog();
  const options = { auth_type: "none", endpoint: "https://127.0.0.1/v1", insecure: true };
  (await createSession(options, { userAgent: "test", clock: new VirtualClock(), log })).close();
  assert.match(log.lines.join(), /warning \[api\] insecure = true/);
});
