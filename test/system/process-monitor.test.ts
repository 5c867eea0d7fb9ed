import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { capture } from "../support/capture.ts";
import { Child, runToEnd } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { about, notificationIn } from "../support/notification-post.ts";
import type { Exchange } from "../support/recording-proxy.ts";
import { comparable, comparableCapture } from "./comparable.ts";
import { describeWithOpenStack } from "./openstack/suite.ts";

const masakariMonitors = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));

await describeWithOpenStack("process monitor, Keystone, masakari-api and masakari-engine", (setScene) => {
  test("a process that is killed and cannot be restarted puts its host on maintenance", async (t) => {
    const { site, host, rig } = await setScene(t, { recovery: true });
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();

    target.signal("SIGKILL");

    await monitor.line(/Notification \S+ delivered/, 60_000);
    await eventually("the engine to put the host on maintenance", 60_000, async () =>
      (await site.masakariApi.onMaintenance(host)) ? true : undefined,
    );
    const [stored, ...more] = await site.masakariApi.notifications(host);
    assert.deepEqual(more, []);
    assert.equal(stored?.type, "PROCESS");
    assert.deepEqual(stored?.payload, { event: "STOPPED", process_name: "nova-compute" });

    // What went over the wire is what Debian's Python monitor sends, recorded in 023, 024 and 026, and beside it the checks.
    const isVersion = ({ method, path }: Exchange) => method === "GET" && path === "/v1";
    assert.equal(site.masakari.matching(isVersion).length, 1);
    const isCheck = (exchange: Exchange) =>
      isVersion(exchange) || (exchange.method === "GET" && exchange.path.startsWith("/v1/segments"));
    const sent = [...site.keystone.exchanges, ...site.masakari.matching((exchange) => !isCheck(exchange))];
    assert.deepEqual(
      sent.map((exchange) => comparable(exchange, { process: "nova-compute", host: host.name, site })),
      ["023", "024", "026"].map((number) => comparableCapture(capture(number).request)),
    );

    // The flight recorder has the story by what Masakari calls the notification; decided again, it is the same.
    const explained = await eventually("the recording to have the delivery", 60_000, async () => {
      const uuid = stored?.notification_uuid ?? "";
      const asked = new Child(masakariMonitors, ["explain", uuid, "--config-file", rig.configFile]);
      await asked.exited;
      return asked.output.includes(`delivered as ${uuid}`) ? asked.output : undefined;
    });
    assert.match(explained, /observed exited: .*\n {4}now \S*nova-compute: down/);
    assert.match(explained, /notify Masakari: PROCESS STOPPED of nova-compute/);
    const replayed = await runToEnd(masakariMonitors, [
      "replay",
      join(rig.directory, "state", "processmonitor.recording"),
    ]);
    assert.match(replayed, /^processmonitor: \d+ decisions .* all the same/);
  });

  test("other programs that have the name in their command line do not keep a dead process alive", async (t) => {
    const { site, rig } = await setScene(t);
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const log = rig.path("nova-compute.log");
    await rig.file(log, "");
    rig.spawn("/usr/bin/tail", ["-f", log]);
    rig.spawn("/bin/sleep", ["900"], rig.path("nova-compute-helper"));
    await rig.start();

    target.signal("SIGKILL");

    await site.masakari.seen("the POST about nova-compute", 60_000, about("nova-compute"));
  });

  test("no notification when the last allowed round brings the process back", async (t) => {
    const { site, rig } = await setScene(t, {
      process: { check_interval: 1, restart_retries: 2, restart_interval: 0, settle: 0 },
    });
    const target = rig.startProcess("nova-compute");
    const fence = rig.startProcess("fence");
    const restart = await rig.restartScript("nova-compute", { failures: 2 });
    await rig.list([
      { process_name: rig.path("nova-compute"), restart_command: restart },
      { process_name: rig.path("fence"), extra: { restart_retries: 0 } },
    ]);
    const monitor = await rig.start("nova-compute", "fence");

    const from = monitor.output.length;
    target.signal("SIGKILL");
    await monitor.line(rig.running("nova-compute"), 60_000, from);
    assert.equal(await rig.rounds("nova-compute"), 3);

    fence.signal("SIGKILL");
    await site.masakari.seen("the POST about the fence", 60_000, about("fence"));
    assert.deepEqual(site.masakari.matching(about("nova-compute")), []);
  });

  test("a restarted monitor neither repeats a notification nor starts what is running", async (t) => {
    const { site, rig } = await setScene(t);
    const down = rig.startProcess("nova-compute");
    rig.startProcess("libvirtd");
    const fence = rig.startProcess("fence");
    const start = await rig.restartScript("libvirtd", { failures: 0 });
    await rig.list([
      { process_name: rig.path("nova-compute") },
      { process_name: rig.path("libvirtd"), start_command: start },
      { process_name: rig.path("fence") },
    ]);
    const first = await rig.start("nova-compute", "libvirtd", "fence");
    down.signal("SIGKILL");
    await first.line(/Notification \S+ delivered/, 60_000);
    await first.stop("SIGTERM");

    await rig.start("libvirtd", "fence");

    // Whatever the second run might log about nova-compute, it has found out before it looked at the fence's death.
    fence.signal("SIGKILL");
    await site.masakari.seen("the POST about the fence", 60_000, about("fence"));
    assert.equal(site.masakari.matching(about("nova-compute")).length, 1);
    assert.equal(await rig.rounds("libvirtd"), 0);
  });

  test("a broken edit of the process list is refused with file and line, a mended one is taken", async (t) => {
    const { site, rig } = await setScene(t);
    const first = rig.startProcess("nova-compute");
    const second = rig.startProcess("libvirtd");
    await rig.listed("nova-compute");
    const monitor = await rig.start();

    await rig.list(`-\n    process_name: ${rig.path("libvirtd")}\n    restart_command: [unclosed\n`);
    await monitor.line(/process_list\.yaml:\d+/, 60_000);
    first.signal("SIGKILL");
    await site.masakari.seen("the POST about nova-compute, by the last good list", 60_000, about("nova-compute"));

    await rig.listed("nova-compute", "libvirtd");
    await monitor.line(rig.running("libvirtd"), 60_000);
    second.signal("SIGKILL");
    await site.masakari.seen("the POST about libvirtd, by the mended list", 60_000, about("libvirtd"));
  });

  test("a process that came back and dies again is a second notification", async (t) => {
    const { site, host, rig } = await setScene(t);
    const target = rig.startProcess("nova-compute");
    await rig.listed("nova-compute");
    const monitor = await rig.start();
    target.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000);

    const from = monitor.output.length;
    const again = rig.startProcess("nova-compute");
    await monitor.line(rig.running("nova-compute"), 60_000, from);
    again.signal("SIGKILL");
    await monitor.line(/Notification \S+ delivered/, 60_000, from);

    const times = site.masakari
      .matching(({ method }) => method === "POST")
      .map((exchange) => notificationIn(exchange)?.generated_time);
    assert.equal(new Set(times).size, 2);
    // The API counts the second as a repeat of the first if it comes within its duplicate interval: ours is none.
    assert.equal((await site.masakariApi.notifications(host)).length, 2);
  });
});
