import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { about } from "../support/notification-post.ts";
import { type Exchange, header, RecordingProxy } from "../support/recording-proxy.ts";
import { startSecondKeystone } from "./openstack/keystone.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

const isLogin = (exchange: Exchange) => exchange.method === "POST" && exchange.path === "/v3/auth/tokens";
const tokenOf = (exchange: Exchange | undefined) => header(exchange?.rawHeaders ?? [], "X-Auth-Token") ?? "no token";

await describeWithOpenStack("process monitor and trouble with Keystone", (setScene) => {
  test("a wrong password is logged plainly, and when it is corrected (SIGHUP) what waited is delivered", async (t) => {
    const wrong = "wrong-secret-of-this-test";
    const { site, host, rig } = await setScene(t, { api: { password: wrong } });
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();

    target.signal("SIGKILL");
    const line = await monitor.line(/(WARNING|ERROR) .*(\b401\b|refuse|password)/i, 60_000);
    assert.match(line, /masakari/, "the line names who cannot log in");
    assert.deepEqual(site.masakari.exchanges, [], "Masakari is not asked without a token");

    await rig.configure(site.apiSection());
    monitor.signal("SIGHUP");
    await monitor.line(/Notification \S+ delivered/, 40_000);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);

    const tokens = site.keystone
      .matching(isLogin)
      .map((login) => header(login.response?.rawHeaders ?? [], "X-Subject-Token"))
      .filter((token) => token !== undefined);
    assert.notEqual(tokens.length, 0);
    for (const secret of [wrong, site.address.monitors.password, ...tokens]) {
      assert.equal(rig.output.includes(secret), false, "a secret was logged");
    }
  });

  test("a token that Keystone has revoked: one login, and the same request again", async (t) => {
    const { site, host, rig } = await setScene(t, { checksBeforehand: false });
    const [first, second] = [rig.startProcess("nova-compute"), rig.startProcess("libvirtd")];
    await rig.listed("nova-compute", "libvirtd");
    const monitor = await rig.start("nova-compute", "libvirtd");
    first.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000);
    const token = tokenOf(site.masakari.matching(about("nova-compute"))[0]);
    const logins = site.keystone.matching(isLogin).length;

    await site.keystoneApi.revoke(token);
    const from = monitor.output.length;
    second.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000, from);

    const posts = site.masakari.matching(about("libvirtd"));
    assert.deepEqual(
      posts.map((post) => post.response?.status),
      [401, 202],
    );
    assert.equal(posts[0]?.body, posts[1]?.body);
    assert.equal(tokenOf(posts[0]), token);
    assert.notEqual(tokenOf(posts[1]), token);
    assert.equal(site.keystone.matching(isLogin).length, logins + 1);
    assert.equal((await site.masakariApi.notifications(host)).length, 2);
  });

  test("several notifications that meet the revoked token at once share one login", async (t) => {
    const { site, host, rig } = await setScene(t, { checksBeforehand: false });
    const names = ["first", "a", "b", "c", "d"];
    const targets = names.map((name) => rig.startProcess(name));
    await rig.listed(...names);
    const monitor = await rig.start(...names);
    targets[0]?.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000);
    const logins = site.keystone.matching(isLogin).length;

    await site.keystoneApi.revoke(tokenOf(site.masakari.matching(about("first"))[0]));
    for (const target of targets.slice(1)) target.signal("SIGKILL");
    for (const name of names.slice(1)) {
      await site.masakari.seen(
        `a 202 for ${name}`,
        60_000,
        (post) => about(name)(post) && post.response?.status === 202,
      );
    }

    assert.equal(site.keystone.matching(isLogin).length, logins + 1);
    assert.equal((await site.masakariApi.notifications(host)).length, names.length);
  });

  test("a token that has expired is renewed before it is used", async (t) => {
    // Also what a busy Masakari has, from the login on, to ask Keystone whether the token is good.
    const lifetime = 12;
    const { site, rig } = await setScene(t);
    const keystone = await startSecondKeystone(site.address.keystoneDirectory, lifetime);
    t.after(async () => {
      await keystone.server.stop("SIGTERM", 500);
    });
    const proxy = new RecordingProxy(keystone.url);
    await proxy.listen();
    t.after(async () => {
      await proxy.close();
    });
    await rig.configure(site.apiSection({ auth_url: `${proxy.origin}/v3` }));
    const [first, second] = [rig.startProcess("nova-compute"), rig.startProcess("libvirtd")];
    await rig.listed("nova-compute", "libvirtd");
    const monitor = await rig.start("nova-compute", "libvirtd");
    first.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000);
    const used = tokenOf(site.masakari.matching(about("nova-compute"))[0]);

    // Nothing shows a token's end but the time.
    await sleep((lifetime + 1) * 1000);
    const from = monitor.output.length;
    second.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000, from);

    const posts = site.masakari.matching(about("libvirtd"));
    assert.deepEqual(
      posts.map((post) => post.response?.status),
      [202],
    );
    assert.notEqual(tokenOf(posts[0]), used);
  });

  test("Keystone is down when the monitor starts: it watches all the same, and delivers when Keystone is back", async (t) => {
    const { site, host, rig } = await setScene(t);
    await site.keystone.refuse();
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();
    target.signal("SIGKILL");
    await monitor.line(/Masakari cannot be notified/, 60_000);

    await site.keystone.listen();

    await monitor.line(/Notification \S+ delivered/, 40_000);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
  });
});
