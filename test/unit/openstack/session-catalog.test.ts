import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Session } from "../../../src/openstack/session.ts";
import { ask, sessionOn } from "../../support/cloud-session.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { json } from "../../support/http-server.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

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

  test("is read again by a login soon, then ever more rarely, down to once in 5 minutes", async () => {
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
