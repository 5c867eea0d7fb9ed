import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { ConnectionError } from "../../../src/http/errors.ts";
import type { Authorization } from "../../../src/openstack/auth/plugin.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { AuthenticationError } from "../../../src/openstack/errors.ts";
import { Session } from "../../../src/openstack/session.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { json } from "../../support/http-server.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const signal = new AbortController().signal;

async function sessionOn(cloud: FakeCloud, clock = new VirtualClock(), log = new KeptLog()): Promise<Session> {
  return await createSession(cloud.options(), { userAgent: "test", clock, log, environment: {} });
}

const ask = (session: Session) => session.request({ method: "GET", path: "/segments", headers: {} }, signal);

suite("a token", () => {
  test("is made once and used by every request", async () => {
    await using cloud = await FakeCloud.start();
    const session = await sessionOn(cloud);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(session)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
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
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(session)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
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
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(session)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401]);
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

  test("lives as long as Keystone's own two times say, whatever this host's clock shows", async () => {
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
    await assert.rejects(ask(session), /answered 503 to the login of user "masakari".*503 Service Unavailable/);
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

  test("says who, why and what to check, never the password, even if Keystone quotes it", async () => {
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

suite("a catalog that may be wrong", () => {
  const minute = 60_000;
  const at = (url: string) => [{ type: "instance-ha", endpoints: [{ interface: "public", region: "RegionOne", url }] }];

  /** Asks every `everyMs` and judges as MasakariClient does, for so long. @returns at which second there was a login */
  async function loginsDuring(cloud: FakeCloud, session: Session, clock: VirtualClock, ms: number, everyMs = 1000) {
    const began = clock.now().mono;
    const seconds: number[] = [];
    for (let before = cloud.logins.length; clock.now().mono - began < ms; before = cloud.logins.length) {
      const response = await ask(session).catch(() => undefined);
      if (response !== undefined) response.status === 200 ? session.trustCatalog() : session.doubtCatalog();
      if (cloud.logins.length > before) seconds.push((clock.now().mono - began) / 1000);
      await clock.advance(everyMs);
    }
    return seconds;
  }

  test("is read anew by a login soon, then ever more rarely, down to once in 5 minutes", async () => {
    await using cloud = await FakeCloud.start();
    cloud.catalog = at("http://127.0.0.1:1/v1");
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    const logins = await loginsDuring(cloud, session, clock, 50 * minute);
    assert.deepEqual(logins.slice(0, 6), [0, 10, 20, 30, 40, 54]);
    const gaps = logins.map((second, index) => second - (logins[index - 1] ?? second)).slice(1);
    assert.ok(
      gaps.every((gap) => gap >= 10 && gap <= 301),
      gaps.join(),
    );
    assert.ok(logins.length < 30, `${logins.length} logins`);
    session.close();
  });

  for (const [what, wrong] of [
    ["no endpoint", []],
    [
      "another region only",
      [{ type: "instance-ha", endpoints: [{ interface: "public", region: "Two", url: "http://x" }] }],
    ],
    ["a port on which nobody listens", at("http://127.0.0.1:1/v1")],
    ["an address where Masakari is not", "elsewhere"],
    ["no URL", at("masakari:15868")],
  ] as const) {
    test(`${what}: once it is corrected the endpoint is used, although the token had long to live`, async () => {
      await using cloud = await FakeCloud.start();
      cloud.api = ({ path }, response) =>
        json(response, path.startsWith("/v1/elsewhere") ? 404 : 200, { segments: [] });
      cloud.catalog = wrong === "elsewhere" ? at(`${cloud.server.origin}/v1/elsewhere`) : wrong;
      const clock = new VirtualClock();
      const session = await sessionOn(cloud, clock);
      await loginsDuring(cloud, session, clock, minute, 10_000);
      cloud.catalog = undefined;
      await loginsDuring(cloud, session, clock, minute / 3, 10_000);
      assert.equal((await ask(session)).status, 200);
      const before = cloud.logins.length;
      assert.deepEqual(await loginsDuring(cloud, session, clock, 10 * minute), []);
      assert.equal(cloud.logins.length, before);
      session.close();
    });
  }

  test("is used on while Keystone cannot be asked", async () => {
    await using cloud = await FakeCloud.start();
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    await ask(session);
    session.doubtCatalog();
    await clock.advance(minute);
    cloud.login = (_, response) => json(response, 503, "");
    assert.equal((await ask(session)).status, 200);
    assert.equal(cloud.logins.length, 2);
    session.close();
  });

  test("a login that failed beside a good token is tried again: its trouble ends without waiting for the token's end", async () => {
    await using cloud = await FakeCloud.start();
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    await ask(session);
    session.doubtCatalog();
    await clock.advance(minute);
    cloud.login = (_, response) => json(response, 503, "");
    await loginsDuring(cloud, session, clock, minute);
    assert.notEqual(session.trouble, undefined);
    cloud.login = undefined;
    await loginsDuring(cloud, session, clock, minute);
    assert.equal(session.trouble, undefined);
    assert.deepEqual(await loginsDuring(cloud, session, clock, 10 * minute), []);
    session.close();
  });

  test("a token that is refused again and again leads to no login with each request", async () => {
    await using cloud = await FakeCloud.start();
    cloud.login = (_, response) => {
      cloud.issue(response);
      cloud.valid.clear();
    };
    const clock = new VirtualClock();
    const session = await sessionOn(cloud, clock);
    const logins = await loginsDuring(cloud, session, clock, minute);
    assert.ok(logins.length <= 6, `logins at second ${logins.join()}`);
    session.close();
  });

  test("an endpoint without a version is discovered once for all requests of a login", async () => {
    await using cloud = await FakeCloud.start();
    cloud.catalog = at(`${cloud.server.origin}/prefix/`);
    const documents: string[] = [];
    cloud.api = ({ path }, response) => {
      if (path === "/prefix/v1/segments") return json(response, 200, { segments: [] });
      documents.push(path);
      json(response, 300, {
        versions: [{ id: "v1.0", links: [{ rel: "self", href: "http://inside:15868/prefix/v1/" }] }],
      });
    };
    const session = await sessionOn(cloud);
    await Promise.all(Array.from({ length: 20 }, () => ask(session)));
    assert.equal((await ask(session)).url, `${cloud.server.origin}/prefix/v1/segments`);
    assert.deepEqual(documents, ["/prefix"]);
    session.close();
  });
});

suite("keepFresh", () => {
  /** A session whose logins need no network, so that only the clock moves it. */
  function sessionWith(authorize: () => Authorization, clock: VirtualClock, log = new KeptLog()): Session {
    const plugin = {
      who: "user x",
      renewable: true,
      secrets: [],
      authorize: () => new Promise<Authorization>((resolve) => resolve(authorize())),
    };
    const unreachable = () => Promise.reject(new Error("no network here"));
    const transport = { send: unreachable, stream: unreachable, close: () => undefined };
    const service = { serviceType: "instance-ha", interface: "public", region: undefined, isService: () => true };
    return new Session({ plugin, transport, clock, log, service });
  }

  const hour: Authorization = {
    headers: {},
    lifetimeMs: 3_600_000,
    services: { endpoint: "http://api/v1" },
    secrets: [],
  };

  test("logs in before the first request and renews before any request would have to wait", async () => {
    const clock = new VirtualClock();
    let logins = 0;
    const session = sessionWith(() => {
      logins += 1;
      return hour;
    }, clock);
    const running = new AbortController();
    const done = session.keepFresh(running.signal);
    await clock.advance(0);
    assert.equal(logins, 1);
    await clock.advance(3_600_000 - 600_000 - 1);
    assert.equal(logins, 1);
    await clock.advance(1);
    assert.equal(logins, 2);
    await session.endpoint(signal);
    assert.equal(logins, 2);
    running.abort();
    await done;
    assert.equal(clock.timers, 0);
  });

  test("tries again for as long as Keystone is down, ever more slowly, and says so once for each outage", async () => {
    const clock = new VirtualClock();
    const log = new KeptLog();
    const seconds: number[] = [];
    const began = clock.now().mono;
    const keystone: { down: boolean } = { down: true };
    const session = sessionWith(
      () => {
        seconds.push((clock.now().mono - began) / 1000);
        if (keystone.down) throw new ConnectionError("database is down");
        return hour;
      },
      clock,
      log,
    );
    const running = new AbortController();
    const done = session.keepFresh(running.signal);
    await clock.advance(200_000);
    assert.deepEqual(seconds, [0, 5, 15, 35, 75, 135, 195]);
    keystone.down = false;
    await clock.advance(60_000);
    assert.deepEqual(log.lines, [
      "warning cannot log in, will keep trying: database is down",
      "info logged in to Keystone again: user x",
    ]);
    keystone.down = true;
    await clock.advance(3_600_000);
    assert.equal(log.lines.length, 3);
    running.abort();
    await done;
  });

  test("ends by itself where there is nothing to renew", async () => {
    const options = { auth_type: "none", endpoint: "http://127.0.0.1/v1" };
    const session = await createSession(options, { userAgent: "test", clock: new VirtualClock(), log: new KeptLog() });
    await session.keepFresh(signal);
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
