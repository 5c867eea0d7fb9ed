import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";
import { installBuild, packaged } from "./units/installed-build.ts";

const UNIT = "masakari-monitors-control-plane.service";
const STATE = "/var/lib/masakari-control-plane";
const IN_TIME = 90_000;

const noSystemd = (await notInstalled(["systemd"])).length > 0 && "systemd is not installed";
const skip = process.getuid?.() !== 0 ? "only root can make the namespaces for a systemd" : noSystemd;

test("the control plane does its work under its unit: start, reload, backup, watchdog, stop", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "units-"));
  const host = new SystemManager(join(directory, "units"), { packages: true });
  t.after(async () => {
    await host.close();
    rmSync(directory, { recursive: true });
  });
  // 60 s are long for a test.
  host.unit(UNIT, packaged(UNIT).replace("WatchdogSec=60", "WatchdogSec=10"));
  await host.boot([]);
  await installBuild(host, directory, { "control-plane-password": "one" });
  const [keystonePort, masakariPort] = [await freePort(), await freePort()];
  const passwordFile = "/etc/masakari-control-plane/password";
  const daemonArgs = `--keystone-port ${keystonePort} --masakari-port ${masakariPort} --password-file ${passwordFile}`;
  await host.inside(
    ...["sh", "-ec"],
    `install -d -g masakari-control-plane -m 0750 /etc/masakari-control-plane
    install -g masakari-control-plane -m 0640 /etc/masakarimonitors/control-plane-password ${passwordFile}
    echo 'DAEMON_ARGS="${daemonArgs}"' >/etc/default/masakari-monitors-control-plane`,
  );
  const shell = async (script: string): Promise<string> => await host.inside("sh", "-ec", script);
  const masakari = async (words: string): Promise<string> => await shell(`. ${STATE}/openrc; exec masakari ${words}`);

  await t.test("it is started when both services answer, as a user of its own", async () => {
    await host.ctl("start", UNIT).catch((cause: unknown) => {
      throw new Error(`${UNIT} does not start:\n${host.output}`, { cause });
    });
    assert.match(await masakari("segment-create rack1 --json"), /"name": "rack1"/);
    assert.equal(
      await shell(`stat --format='%a %U' ${STATE} ${STATE}/openrc ${STATE}/control-plane.sqlite`),
      ["700 masakari-control-plane", "600 masakari-control-plane", "600 masakari-control-plane", ""].join("\n"),
    );
    assert.equal(await shell(`ps -o user:40= -p ${await host.property(UNIT, "MainPID")}`), "masakari-control-plane\n");
    assert.match(await host.property(UNIT, "StatusText"), new RegExp(`Keystone http://127.0.0.1:${keystonePort}/v3`));
  });

  await t.test("systemctl reload takes over another password, and ends when it is in force", async () => {
    await shell(`echo two >${passwordFile}`);
    await host.ctl("reload", UNIT);
    await eventually("the end of the reload", IN_TIME, async () => {
      return (await host.property(UNIT, "ActiveState")) === "active" || undefined;
    });
    await shell(`grep -q "OS_PASSWORD='two'" ${STATE}/openrc`);
    assert.match(await masakari("segment-list"), /rack1/);
    await assert.rejects(shell(`. ${STATE}/openrc; OS_PASSWORD=one masakari segment-list`), /refused the login of/);
  });

  await t.test("one command backs its database up while it runs, and leaves nothing that it cannot read", async () => {
    await host.inside("masakari-monitors", "control-plane", "backup", "/root/copy");
    assert.equal(await shell("stat --format='%a %U' /root/copy"), "600 root\n");
    const query = "import sqlite3; print(sqlite3.connect('/root/copy').execute('select name from segment').fetchall())";
    assert.equal(await host.inside("python3", "-c", query), "[('rack1',)]\n");
    assert.match(await masakari("segment-create rack2 --json"), /rack2/);
  });

  await t.test("a control plane that hangs is killed by systemd's watchdog and started again", async () => {
    const pid = await host.property(UNIT, "MainPID");
    await host.inside("kill", "-STOP", pid);
    await eventually("another process", IN_TIME, async () => {
      const restarts = await host.property(UNIT, "NRestarts");
      return (restarts === "1" && (await host.property(UNIT, "ActiveState")) === "active") || undefined;
    });
    assert.notEqual(await host.property(UNIT, "MainPID"), pid);
    assert.match(await masakari("segment-list"), /rack1[\s\S]*rack2|rack2[\s\S]*rack1/);
  });

  await t.test("it stops by itself when systemd wants it to", async () => {
    await host.ctl("stop", UNIT);
    assert.equal(await host.property(UNIT, "Result"), "success");
    // A database without a log: it was closed.
    await shell(`test ! -e ${STATE}/control-plane.sqlite-wal`);
  });

  await t.test(
    "a backup while it is stopped leaves it able to start; an earlier one is restored as documented",
    async () => {
      await host.inside("masakari-monitors", "control-plane", "backup", "/root/stopped");
      await host.ctl("start", UNIT);
      assert.match(await masakari("segment-list"), /rack2/);
      await host.ctl("stop", UNIT);
      await shell(`install -o masakari-control-plane -m 0600 /root/copy ${STATE}/control-plane.sqlite`);
      await host.ctl("start", UNIT);
      const restored = await masakari("segment-list");
      assert.match(restored, /rack1/);
      assert.doesNotMatch(restored, /rack2/);
    },
  );
});
