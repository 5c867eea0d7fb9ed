import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ControlPlane } from "../../src/control-plane/control-plane.ts";
import type { Report } from "../../src/status/report.ts";
import { Child, runToEnd } from "../support/child.ts";
import { callMasakari, logIn, startFor } from "../support/control-plane.ts";
import { DatagramReceiver } from "../support/datagram-receiver.ts";
import { eventually, within } from "../support/eventually.ts";
import { FreezableDisk } from "../support/freezable-disk.ts";
import { hasEnded } from "../support/has-ended.ts";
import { ours, Rig } from "../support/process-monitor.ts";

const HOST = "compute1";
const masakariMonitors = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));

interface Scene {
  readonly disk: FreezableDisk;
  readonly rig: Rig;
  readonly cloud: ControlPlane;
  /** The process names of the notifications that have arrived, in their order. */
  notified(): Promise<string[]>;
  /** What `masakari-monitors status` prints as JSON, of one monitor. */
  status(program?: string): Promise<Report & { readonly reason?: string }>;
  /** The same once the monitor has responded within the command's time limit. */
  responded(program?: string): Promise<Report>;
}

/** A host whose state_path is on a disk of its own, and a cloud that knows the host. */
async function setScene(context: TestContext): Promise<Scene | undefined> {
  const cloud = await startFor(context);
  const token = await logIn(cloud);
  const segment = { name: "all", recovery_method: "auto", service_type: "COMPUTE" };
  const made = await callMasakari(cloud, token, "POST", "/segments", { segment });
  const { uuid } = JSON.parse(made.body).segment;
  const host = { name: HOST, type: "COMPUTE", control_attributes: "SSH" };
  await callMasakari(cloud, token, "POST", `/segments/${uuid}/hosts`, { host });
  const api = `[api]
auth_type = password
auth_url = ${cloud.keystoneUrl}
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region = RegionOne
`;
  const rig = await Rig.create({ hostname: HOST, api });
  const disk = FreezableDisk.mounted(context, join(rig.directory, "state"));
  context.after(async () => {
    await disk?.close();
    await rig.close();
  });
  if (disk === undefined) return undefined;
  const status: Scene["status"] = async (program = "processmonitor") => {
    const asked = new Child(masakariMonitors, ["status", program, "--json", "--config-file", rig.configFile]);
    await within("status to end", 60_000, asked.exited);
    return JSON.parse(asked.output)[0];
  };
  return {
    disk,
    rig,
    cloud,
    async notified() {
      const response = await callMasakari(cloud, token, "GET", "/notifications?sort_key=created_at&sort_dir=asc");
      const { notifications } = JSON.parse(response.body) as {
        notifications: { payload: { process_name: string } }[];
      };
      return notifications.map(({ payload }) => payload.process_name);
    },
    status,
    async responded(program) {
      return await eventually("a response of the monitor", 60_000, async () => {
        const report = await status(program);
        return report.problems === undefined ? undefined : report;
      });
    },
  };
}

const hangs = ({ problems }: Report): boolean => problems.some(({ reason }) => /the disk hangs/.test(reason));

test("stopped while the disk hangs: it ends, and names what is lost", async (t) => {
  const scene = await setScene(t);
  if (scene === undefined) return;
  const { rig, disk, cloud, status } = scene;
  const process = rig.startProcess("nova-compute");
  await rig.listed("nova-compute");
  const monitor = await rig.start("nova-compute");
  await cloud.close();
  disk.freeze();
  process.signal("SIGKILL");
  await monitor.line(/CRITICAL.*cannot be written \(the disk hangs/, 60_000);
  await eventually("the notification to wait", 60_000, async () => (await status()).outbox?.pending === 1 || undefined);
  monitor.signal("SIGTERM");
  await monitor.line(/CRITICAL.*nova-compute.*is lost/, 60_000);
  await monitor.line(/stopped$/, 60_000);
  // The kernel keeps what is left of it for as long as a thread waits for the disk.
  await eventually("its end", 60_000, () => hasEnded(monitor.pid) || undefined);
  disk.thaw();
  assert.deepEqual(await within("what is left of it to end", 60_000, monitor.exited), { code: 0, signal: null });
});

test("started while the disk hangs: it watches, notifies and answers, and uses the disk as soon as that answers", async (t) => {
  const scene = await setScene(t);
  if (scene === undefined) return;
  const { rig, disk, notified, status, responded } = scene;
  const process = rig.startProcess("nova-compute");
  await rig.listed("nova-compute");
  disk.freeze();
  const monitor = await rig.start("nova-compute");
  process.signal("SIGKILL");
  await eventually("its notification", 60_000, async () => (await notified()).length === 1 || undefined);
  const report = await responded();
  assert.equal(report.verdict, "failing");
  assert.ok(hangs(report), `${JSON.stringify(report)}\n${monitor.output}`);
  disk.thaw();
  await monitor.line(/processmonitor\.sqlite can be written again/, 60_000);
  await eventually("status without the disk", 60_000, async () => !hangs(await status()) || undefined);
  await monitor.stop("SIGKILL");
  const outbox = await runToEnd(masakariMonitors, ["outbox", "--all", "--json", "--config-file", rig.configFile]);
  assert.deepEqual(
    JSON.parse(outbox).map(({ state }: { state: string }) => state),
    ["delivered"],
  );
});

test("two monitors in one process: both go on", async (t) => {
  const scene = await setScene(t);
  if (scene === undefined) return;
  const { rig, disk, notified, responded } = scene;
  const process = rig.startProcess("nova-compute");
  await rig.listed("nova-compute");
  const run = ["run", "processmonitor", "instancemonitor", "--config-file", rig.configFile];
  const both = rig.spawn(masakariMonitors, run);
  await both.line(rig.running("nova-compute"), 60_000);
  await responded("instancemonitor");
  disk.freeze();
  for (const program of ["processmonitor", "instancemonitor"]) {
    await both.line(new RegExp(`CRITICAL.*${program}\\.sqlite cannot be written \\(the disk hangs`), 60_000);
  }
  process.signal("SIGKILL");
  await eventually("its notification", 60_000, async () => (await notified()).length === 1 || undefined);
  for (const program of ["processmonitor", "instancemonitor"]) assert.ok(hangs(await responded(program)), program);
  disk.thaw();
  for (const program of ["processmonitor", "instancemonitor"]) {
    await both.line(new RegExp(`${program}\\.sqlite can be written again`), 60_000);
  }
});

test("no monitor runs and the disk hangs: `outbox` and `status` end", async (t) => {
  const scene = await setScene(t);
  if (scene === undefined) return;
  const { rig, disk, status } = scene;
  rig.startProcess("nova-compute");
  await rig.listed("nova-compute");
  const monitor = await rig.start("nova-compute");
  await monitor.stop("SIGKILL");
  disk.freeze();
  assert.equal((await status()).verdict, "failing");
  const asked = new Child(masakariMonitors, ["outbox", "--config-file", rig.configFile]);
  // A frozen file system may still be read from memory; what cannot be read is logged.
  await eventually("outbox to end", 60_000, () => !asked.running || hasEnded(asked.pid) || undefined);
  assert.match(asked.output, /nothing to list|the disk hangs/);
  disk.thaw();
  await asked.exited;
});

test("the disk hangs, twice: processes are watched and notified, status is failing, and nothing is lost or sent twice", async (t) => {
  const scene = await setScene(t);
  if (scene === undefined) return;
  const { rig, disk, notified, status, responded } = scene;
  const names = ["nova-compute", "libvirtd", "neutron-agent", "idle"];
  const processes = names.map((name) => rig.startProcess(name));
  await rig.listed(...names);
  using systemd = new DatagramReceiver(join(rig.directory, "notify"));
  const watchdog = [`NOTIFY_SOCKET=${join(rig.directory, "notify")}`, "WATCHDOG_USEC=4000000"];
  const monitor = rig.spawn("/usr/bin/env", [...watchdog, ours.path, "--config-file", rig.configFile]);
  for (const name of names) await monitor.line(rig.running(name), 60_000);

  for (const round of [0, 1]) {
    const from = monitor.output.length;
    disk.freeze();
    // Nothing is to be written, and still it is noticed.
    await monitor.line(/CRITICAL.*processmonitor\.sqlite cannot be written \(the disk hangs/, 60_000, from);
    processes[round]?.signal("SIGKILL");
    await eventually(
      "its notification",
      60_000,
      async () => (await notified()).includes(names[round] ?? "") || undefined,
    );
    const report = await responded();
    assert.equal(report.verdict, "failing");
    assert.ok(hangs(report), JSON.stringify(report.problems));
    await systemd.first(/WATCHDOG=1/, 30_000, systemd.all.length);
    disk.thaw();
    await monitor.line(/processmonitor\.sqlite can be written again/, 60_000, from);
    await eventually("status without the disk", 60_000, async () => !hangs(await status()) || undefined);
  }

  await monitor.stop("SIGKILL");
  const next = await rig.start("idle");
  processes[2]?.signal("SIGKILL");
  await next.line(/neutron-agent.*(failed|notif)/i, 60_000);
  await eventually("the third", 60_000, async () => (await notified()).length >= 3 || undefined);
  assert.deepEqual(await notified(), names.slice(0, 3));
  const outbox = await runToEnd(masakariMonitors, ["outbox", "--all", "--json", "--config-file", rig.configFile]);
  const states = (JSON.parse(outbox) as { state: string }[]).map(({ state }) => state);
  assert.deepEqual(states, ["delivered", "delivered", "delivered"]);
});
