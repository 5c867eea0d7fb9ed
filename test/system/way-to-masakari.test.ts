import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Report } from "../../src/status/report.ts";
import { healthReport } from "../support/health-report.ts";
import { about } from "../support/notification-post.ts";
import { pass, respondHtml } from "../support/recording-proxy.ts";
import { Front } from "./openstack/front.ts";
import { describeWithOpenStack, type Scene } from "./openstack/suite.ts";

/** The health report of the rig's process monitor, once it fits. */
async function health(
  { rig }: Scene,
  what: string,
  withinMs: number,
  fits: (report: Report) => boolean,
): Promise<Report> {
  return await healthReport(
    { statePath: join(rig.directory, "state"), program: "processmonitor" },
    what,
    withinMs,
    fits,
  );
}

/** Nothing is wrong but that what was killed is down, and that the segment of a scene does not recover. */
const isOk = ({ problems }: Report): boolean =>
  problems.every(({ about }) => about === "given up" || about === "segment disabled");
const isAbout = (about: string, reason: RegExp) => (report: Report) =>
  report.problems.some((problem) => problem.about === about && reason.test(problem.reason));

/** An endpoint of Masakari in a region of its own, until the test ends. */
async function endpointIn(context: TestContext, { site }: Scene, region: string, url: string): Promise<void> {
  await site.keystoneApi.createRegion(region);
  const service = await site.keystoneApi.createService("instance-ha");
  context.after(async () => {
    await site.keystoneApi.deleteService(service);
    await site.keystoneApi.deleteRegion(region);
  });
  await site.keystoneApi.createEndpoint(service, "public", region, url);
}

await describeWithOpenStack("the way to Masakari", (setScene) => {
  test("a region without an endpoint: degraded before anything fails; once there is one, what waits is sent", async (t) => {
    const region = `Missing-${randomUUID().slice(0, 8)}`;
    const scene = await setScene(t, { api: { region } });
    const { site, host, rig } = scene;
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start("nova-compute");
    const missing = new RegExp(
      `no endpoint of type instance-ha or ha, public in region ${region}; it has: .*${site.region}`,
    );
    await health(scene, "no endpoint", 60_000, isAbout("masakari", missing));
    await monitor.line(/WARNING .*Masakari cannot be reached, so no notification could be sent/, 60_000);

    target.signal("SIGKILL");
    await health(scene, "no endpoint for what waits", 60_000, isAbout("delivery", missing));
    await endpointIn(t, scene, region, `${site.masakari.origin}/v1`);
    await monitor.line(/Notification \S+ delivered/, 90_000);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
    await health(scene, "ok", 60_000, isOk);
  });

  test("an endpoint that is moved in Keystone while the old one refuses connections", async (t) => {
    const region = `Moved-${randomUUID().slice(0, 8)}`;
    const scene = await setScene(t, { api: { region } });
    const { site, host, rig } = scene;
    await site.keystoneApi.createRegion(region);
    const service = await site.keystoneApi.createService("instance-ha");
    t.after(async () => {
      await site.keystoneApi.deleteService(service);
      await site.keystoneApi.deleteRegion(region);
    });
    const old = await Front.open(site.address.masakariUrl, {});
    await site.keystoneApi.createEndpoint(service, "public", region, `${old.origin}/v1`);
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start("nova-compute");
    await health(scene, "ok", 60_000, isOk);

    await old.close();
    target.signal("SIGKILL");
    await health(scene, "refused", 60_000, isAbout("delivery", /connection refused/));
    await site.keystoneApi.moveEndpoints(service, `${site.masakari.origin}/v1`);
    await monitor.line(/Notification \S+ delivered/, 90_000);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
  });

  test("a firewall's 400 in HTML ends nothing: the reason is shown, and the notification arrives", async (t) => {
    const scene = await setScene(t);
    const { site, host, rig } = scene;
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start("nova-compute");
    await health(scene, "ok", 60_000, isOk);

    site.masakari.behave(respondHtml(400, "Bad Request"));
    target.signal("SIGKILL");
    await health(scene, "the 400", 60_000, isAbout("delivery", /returned 400: 400 Bad Request.*1 notification waits/));
    site.masakari.behave(pass);
    await monitor.line(/Notification \S+ delivered/, 60_000);
    assert.doesNotMatch(monitor.output, /rejected/);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
  });

  test("a host that a recovery left on maintenance, or whose segment is disabled, is shown before anything fails", async (t) => {
    const scene = await setScene(t, { recovery: true });
    const { site, host, rig } = scene;
    await site.masakariApi.setMaintenance(host, true);
    rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    let monitor = await rig.start("nova-compute");
    const maintained = new RegExp(`${host.name} is on maintenance in segment segment-.*--on-maintenance false`);
    await health(scene, "on maintenance", 60_000, isAbout("host maintenance", maintained));
    await monitor.line(/WARNING .*refuses every notification about this host/, 60_000);
    await monitor.stop();

    await site.masakariApi.setMaintenance(host, false);
    await site.masakariApi.setEnabled(host, false);
    monitor = await rig.start("nova-compute");
    await health(scene, "disabled", 60_000, isAbout("segment disabled", /--is_enabled True/));
    assert.doesNotMatch(monitor.output, /WARNING (clock|host segment)/);
    await monitor.stop();

    await site.masakariApi.setEnabled(host, true);
    await rig.start("nova-compute");
    const { problems } = await health(scene, "ok", 60_000, ({ problems }) => problems.length === 0);
    assert.deepEqual(problems, []);
    assert.deepEqual(await site.masakariApi.notifications(host), [], "nothing is written by the check");
  });

  test("an outage whose last notification was superseded ends by itself when Masakari is back", async (t) => {
    const scene = await setScene(t);
    const { site, host, rig } = scene;
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start("nova-compute");
    await health(scene, "ok", 60_000, isOk);

    await site.masakari.refuse();
    target.signal("SIGKILL");
    await health(scene, "refused", 60_000, isAbout("delivery", /connection refused/));
    rig.startProcess("nova-compute");
    await monitor.line(/Notification \S+ superseded/, 60_000);
    assert.equal((await health(scene, "still away", 60_000, () => true)).verdict, "degraded");
    await site.masakari.listen();
    await health(scene, "ok again", 90_000, isOk);
    assert.deepEqual(site.masakari.matching(about("nova-compute")), []);
    assert.deepEqual(await site.masakariApi.notifications(host), []);
  });
});
