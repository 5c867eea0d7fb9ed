import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { about } from "../support/notification-post.ts";
import { quick } from "../support/process-monitor.ts";
import { dropResponse, hang, pass, respondHtml, respondJson } from "../support/recording-proxy.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

await describeWithOpenStack("process monitor and trouble with masakari-api", (setScene) => {
  test("an API that accepts and never answers holds up nothing else, and is logged when it answers again", async (t) => {
    const { site, host, rig } = await setScene(t, { api: { timeout: "3" } });
    const names = ["nova-compute", "libvirtd", "neutron-agent"];
    const [first, second, third] = names.map((name) => rig.startProcess(name));
    const restart = await rig.restartScript("libvirtd", { failures: 0 });
    await rig.list([
      { process_name: rig.path("nova-compute") },
      { process_name: rig.path("libvirtd"), restart_command: restart },
      { process_name: rig.path("neutron-agent") },
    ]);
    const monitor = await rig.start(...names);
    site.masakari.behave(hang);

    first?.signal("SIGKILL");
    await site.masakari.seen("the POST that hangs", 60_000, about("nova-compute"));
    const from = monitor.output.length;
    second?.signal("SIGKILL");
    await monitor.line(rig.running("libvirtd"), 60_000, from);
    third?.signal("SIGKILL");
    await site.masakari.seen("the POST of another process", 60_000, about("neutron-agent"));
    // Not for ever: after the time-out it tries again.
    await eventually("a second try", 60_000, () =>
      site.masakari.matching(about("nova-compute")).length > 1 ? true : undefined,
    );

    site.masakari.behave(pass);

    await eventually("both to be stored", 60_000, async () =>
      (await site.masakariApi.notifications(host)).length === 2 ? true : undefined,
    );
    assert.deepEqual((await site.masakariApi.notifications(host)).map(({ payload }) => payload.process_name).sort(), [
      "neutron-agent",
      "nova-compute",
    ]);
  });

  test("500, 503 in HTML and a 404 are tried again until the API takes it, once", async (t) => {
    const { site, host, rig } = await setScene(t);
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();
    const ours = about("nova-compute");
    site.masakari.once(ours, respondJson(500, { masakariFault: { code: 500, message: "Unexpected API Error." } }));
    site.masakari.once(ours, respondHtml(503, "Service Unavailable"));
    site.masakari.once(ours, respondHtml(404, "Not Found"));

    target.signal("SIGKILL");

    await monitor.line(/Notification \S+ delivered/, 60_000);
    const posts = site.masakari.matching(ours);
    assert.deepEqual(
      posts.map((post) => post.response?.status),
      [500, 503, 404, 202],
    );
    assert.equal(new Set(posts.map((post) => post.body)).size, 1, "the same notification each time");
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
    assert.doesNotMatch(monitor.output, /<html>/i);
  });

  test("400, the host is in no segment: rejected at once, and the line names the way out", async (t) => {
    const { site, rig } = await setScene(t);
    await rig.configure(site.apiSection(), "unregistered-host");
    const [first, second] = [rig.startProcess("nova-compute"), rig.startProcess("libvirtd")];
    await rig.listed("nova-compute", "libvirtd");
    const monitor = await rig.start("nova-compute", "libvirtd");

    first.signal("SIGKILL");
    const line = await monitor.line(/Notification \S+ rejected/, 60_000);
    assert.match(line, /unregistered-host is in no segment.*masakari host-create unregistered-host/);

    const from = monitor.output.length;
    second.signal("SIGKILL");
    await monitor.line(/Notification \S+ rejected/, 60_000, from);
    assert.deepEqual(
      site.masakari.matching(({ method }) => method === "POST").map((post) => post.response?.status),
      [400, 400],
      "one attempt each",
    );
  });

  test("409, the response was lost after the API had stored it: delivered, and stored once", async (t) => {
    const { site, host, rig } = await setScene(t);
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();
    site.masakari.once(about("nova-compute"), dropResponse);

    target.signal("SIGKILL");

    await monitor.line(/Notification \S+ delivered/, 60_000);
    const posts = site.masakari.matching(about("nova-compute"));
    assert.deepEqual(
      posts.map((post) => [post.response?.status, post.passedOn]),
      [
        [202, false],
        [409, true],
      ],
    );
    assert.equal(posts[0]?.body, posts[1]?.body);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
  });

  test("409, the host is on maintenance: rejected at once, and the line has what to do", async (t) => {
    const { site, host, rig } = await setScene(t, { recovery: true });
    const [first, second] = [rig.startProcess("nova-compute"), rig.startProcess("libvirtd")];
    await rig.listed("nova-compute", "libvirtd");
    const monitor = await rig.start("nova-compute", "libvirtd");
    first.signal("SIGKILL");
    await eventually("the engine to put the host on maintenance", 60_000, async () =>
      (await site.masakariApi.onMaintenance(host)) ? true : undefined,
    );

    second.signal("SIGKILL");

    const line = await monitor.line(/Notification \S+ rejected/, 60_000);
    assert.match(line, /on maintenance.*masakari host-update/);
    assert.deepEqual(
      site.masakari.matching(about("libvirtd")).map((post) => post.response?.status),
      [409],
    );
  });

  test("SIGTERM ends the monitor while a request hangs, and the next run delivers it", async (t) => {
    const { site, host, rig } = await setScene(t, { process: quick });
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const first = await rig.start();
    site.masakari.behave(hang);
    target.signal("SIGKILL");
    await site.masakari.seen("the POST that hangs", 60_000, about("nova-compute"));

    // SIGKILL would follow after 8 s: systemd is not that patient everywhere either.
    assert.deepEqual(await first.stop("SIGTERM", 8000), { code: 0, signal: null });

    site.masakari.behave(pass);
    const second = rig.startUnawaited();
    await second.line(/Notification \S+ delivered/, 60_000);
    assert.equal((await site.masakariApi.notifications(host)).length, 1);
  });
});
