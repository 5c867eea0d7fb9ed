import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ConnectionError } from "../../../src/http/errors.ts";
import type { Authorization } from "../../../src/openstack/auth/plugin.ts";
import { createSession } from "../../../src/openstack/create-session.ts";
import { Session } from "../../../src/openstack/session.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const signal = new AbortController().signal;

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
    const service = {
      name: "Masakari",
      major: 1,
      serviceType: "instance-ha",
      interface: "public",
      region: undefined,
      isService: () => true,
    };
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

  test("tries again for as long as Keystone is down, ever more slowly, and logs that once for each outage", async () => {
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
      "warning Cannot log in to Keystone: database is down; retrying",
      "info Logged in to Keystone again: user x",
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
