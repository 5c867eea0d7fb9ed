import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";
import { Cluster } from "./pacemaker/cluster.ts";
import { missingForPacemaker } from "./pacemaker/packages.ts";
import { RecordingApi } from "./pacemaker/recording-api.ts";
import { installBuild, packaged } from "./units/installed-build.ts";

const IN_TIME = 180_000;
const UNIT = "masakari-host-monitor.service";
const STATE = "/var/lib/masakarimonitors";
const AS_MASAKARI = ["setpriv", "--reuid=masakari", "--regid=masakari", "--init-groups"];

const skip =
  (await missingForPacemaker()) || ((await notInstalled(["systemd"])).length > 0 && "systemd is not installed");

test("the host monitor does its work under its unit, on a real cluster: a node dies, the unit is restarted, the node is back", {
  skip,
}, async (t) => {
  const cluster = await Cluster.start({ members: 3, management: true, sharesMemory: true });
  t.after(() => cluster.stop());
  const api = await RecordingApi.start(cluster);
  t.after(() => api.stop());
  const node = cluster.node("node1");
  const host = new SystemManager(join(cluster.folder, "units"), { packages: true, network: node.onNetwork });
  t.after(() => host.close());
  host.unit(UNIT, packaged(UNIT));
  await host.boot([]);
  await installBuild(host, cluster.folder, {
    "masakarimonitors.conf": [
      `[DEFAULT]\nhostname = node1\nlog_dir = ${STATE}`,
      `[api]\nauth_url = ${api.authUrl}\nusername = masakari\npassword = masakari-secret\nproject_name = service`,
      // The nodes have no fencing devices.
      "domain_name = Default\n[host]\ndisable_ipmi_check = true\n",
    ].join("\n"),
  });
  await host.inside("mount", "--bind", node.sharedMemory, "/dev/shm");
  const start = async (): Promise<void> => {
    await host.ctl("start", UNIT).catch((cause: unknown) => {
      throw new Error(`${UNIT} does not start:\n${host.output}`, { cause });
    });
  };
  const log = async (): Promise<string> => await host.inside("cat", `${STATE}/masakari-hostmonitor.log`);
  const command = async (...words: readonly string[]): Promise<string> =>
    await host.inside(...AS_MASAKARI, "masakari-monitors", ...words);
  const notified = async (...texts: readonly string[]): Promise<void> => {
    await eventually(`${texts}`, IN_TIME, async () => {
      if (api.received.length >= texts.length) return true;
      throw new Error(await log());
    });
    assert.deepEqual(
      api.received.map(({ text }) => text),
      texts,
    );
  };

  await start();
  await eventually("two hosts watched", IN_TIME, async () => {
    const text = await log();
    if (!text.includes("Watching 2 hosts of the cluster: 2 online")) throw new Error(text);
    return true;
  });
  // With the unit's rights nothing is missing: Corosync's own tools, its events and the controller included. What is left is that this host is an overlay.
  await eventually("status to show nothing else", IN_TIME, async () => {
    const status = await command("status", "hostmonitor").catch(({ message }: Error) => message);
    const problems = status.match(/^hostmonitor: .*/gm) ?? [];
    if (problems.every((line) => line.includes("state is not kept in the configured directory"))) return true;
    throw new Error(status);
  });

  await cluster.node("node3").kill();
  await notified("node3 STOPPED NORMAL from node1");

  await host.ctl("restart", UNIT);
  await eventually("the state of before", IN_TIME, async () => {
    const list = await command("list", "hostmonitor").catch(String);
    if (!/node3 .*offline, reported \(NORMAL\) by this monitor/.test(list)) throw new Error(list);
    return true;
  });
  await cluster.restore();
  await notified("node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1");

  await host.ctl("reload", UNIT);
  await eventually("SIGHUP", IN_TIME, async () => (await log()).includes("SIGHUP: configuration reread") || undefined);
  assert.equal(await host.property(UNIT, "NRestarts"), "0");
  assert.match(await host.inside("stat", "--format=%a %U", STATE), /^700 masakari/);
  await host.ctl("stop", UNIT);
  assert.equal(await host.property(UNIT, "Result"), "success");
});
