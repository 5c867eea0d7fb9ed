import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildPackage, type PackageOptions } from "../support/debian-package.ts";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { json } from "../support/http-server.ts";
import { ours, quick, Rig } from "../support/process-monitor.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";

const MONITOR = "masakari-processmonitor.service";
const IN_TIME = 90_000;
/** Of the first its unit is restarted; the second can only be notified. */
const RESTARTED = "masakari-test-restarted";
const NOTIFIED = "masakari-test-notified";
const SERVICES = [RESTARTED, NOTIFIED];

const skip =
  process.getuid?.() !== 0
    ? "only root can make the namespaces for a systemd"
    : (await notInstalled(["systemd"])).length > 0 && "systemd is not installed";

test("a Debian package is upgraded by dpkg under a real systemd: its services are left to it", { skip }, async (t) => {
  const cloud = await FakeCloud.start();
  cloud.api = ({ method }, response) =>
    method === "POST"
      ? json(response, 202, { notification: { notification_uuid: "n-1" } })
      : json(response, 200, { segments: [] });
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section(), process: { ...quick, settle: 1 } });
  const host = new SystemManager(join(rig.directory, "units"), { packages: true });
  t.after(async () => {
    await host.close();
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  const logFile = join(rig.directory, "log");
  const run = process.env.MASAKARI_MONITORS_RUN ?? "source";
  const start = `${ours.path} --config-file ${rig.configFile} --log-file ${logFile}`;
  const unit = `[Service]\nType=notify\nEnvironment=MASAKARI_MONITORS_RUN=${run}\nExecStart=${start}\nTimeoutStartSec=infinity\n`;
  host.unit(MONITOR, unit);
  await rig.list([
    {
      process_name: `/usr/sbin/${RESTARTED}`,
      restart_command: `systemctl restart ${RESTARTED}`,
      extra: { systemd_unit: `${RESTARTED}.service` },
    },
    {
      process_name: `/usr/sbin/${NOTIFIED}`,
      restart_command: '""',
      extra: { systemd_unit: `${NOTIFIED}.service` },
    },
  ]);
  const log = () => readFileSync(logFile, "utf8");
  const logged = async (pattern: RegExp, from: number): Promise<string> =>
    await eventually(`${pattern} in the log`, IN_TIME, () => pattern.exec(log().slice(from))?.[0]);
  const notified = (): string[] =>
    cloud.calls.filter(({ method }) => method === "POST").map(({ body }) => String(body));
  const pids = async () => await Promise.all(SERVICES.map((name) => host.property(`${name}.service`, "MainPID")));

  // It takes seconds to start, as nova-compute does.
  const options = { name: "masakari-test", services: SERVICES, serviceOptions: "ExecStartPre=/bin/sleep 3" };
  const install = async (version: string, upgrade: PackageOptions["upgrade"]) => {
    const file = await buildPackage(rig.directory, { ...options, version, upgrade });
    await host.inside("env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "dpkg", "--install", file);
  };
  await host.boot([]);
  await install("1", "restart");
  await host.ctl("start", MONITOR);
  for (const name of SERVICES) await logged(new RegExp(`${name} \\(pid \\d+\\) is running`), 0);

  // The old version's prerm decides what is stopped, the new one's postinst what is started.
  const upgrades = [
    ["restart", "restarted at the end"],
    ["stop and start", "left as they are, since they run at the end"],
    ["stop and start", "stopped at the beginning and started at the end"],
  ] as const;
  for (const [index, [upgrade, what]] of upgrades.entries()) {
    const version = index + 2;
    await t.test(`an upgrade to version ${version}: the services are ${what}`, async () => {
      const from = log().length;
      const before = await pids();
      await install(String(version), upgrade);
      const stays = what.startsWith("left");
      for (const name of stays ? [] : SERVICES) {
        await logged(new RegExp(`${name} \\(pid \\d+\\) (is running|goes on)`), from);
      }
      const after = await pids();
      assert.ok(after.every((pid, service) => pid !== "0" && (pid === before[service]) === stays));
      assert.equal(await host.property(`${RESTARTED}.service`, "Description"), `${RESTARTED} ${version}`);
      assert.doesNotMatch(log().slice(from), /restart_command runs/);
      assert.deepEqual(notified(), []);
    });
  }

  await t.test("the services of the new version are watched", async () => {
    const from = log().length;
    const [restarted = "", reported = ""] = await pids();
    await host.inside("kill", "-KILL", restarted, reported);
    await logged(new RegExp(`${RESTARTED}: restart_command runs`), from);
    await logged(new RegExp(`${RESTARTED} \\(pid \\d+\\) is running again`), from);
    await eventually("the notification", IN_TIME, () => notified().length === 1 || undefined);
    assert.match(notified()[0] ?? "", new RegExp(NOTIFIED));
  });

  await t.test("nothing of it is on this machine", async () => {
    assert.match(await host.inside("dpkg", "--list", "masakari-test"), /^ii {2}masakari-test/m);
    assert.equal(existsSync(`/usr/sbin/${RESTARTED}`), false);
    assert.equal(existsSync("/var/lib/dpkg/info/masakari-test.list"), false);
  });
});
