import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { json } from "../support/http-server.ts";
import { processList } from "../support/process-monitor.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";
import { installBuild, packaged, UNITS } from "./units/installed-build.ts";

const run = promisify(execFile);
const IN_TIME = 90_000;
/** Tenths of systemd's exposure level. */
const MOST_EXPOSED = 20;
const MONITOR = "masakari-process-monitor.service";
const STATE = "/var/lib/masakarimonitors";

const noSystemd = (await notInstalled(["systemd"])).length > 0 && "systemd is not installed";
const skip = process.getuid?.() !== 0 ? "only root can make the namespaces for a systemd" : noSystemd;

for (const name of UNITS) {
  test(`${name} leaves its monitor no more than it needs: systemd's exposure level is 2.0 at most`, {
    skip: noSystemd,
  }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "units-"));
    t.after(() => rmSync(directory, { recursive: true }));
    // Only a unit whose program is there is scored.
    const path = join(directory, name);
    writeFileSync(path, packaged(name).replace(/^ExecStart=.*$/m, "ExecStart=/bin/true"));
    const score = ["security", "--offline=yes", "--no-pager", `--threshold=${MOST_EXPOSED}`, path];
    const { stdout } = await run("systemd-analyze", score);
    assert.match(stdout, /Overall exposure level .*: [012]\.\d /);
  });
}

test("the process monitor does its work under its unit: restarts by systemctl, notifications, reload, stop", {
  skip,
}, async (t) => {
  const cloud = await FakeCloud.start();
  cloud.api = ({ method }, response) =>
    method === "POST"
      ? json(response, 202, { notification: { notification_uuid: "n-1" } })
      : json(response, 200, { segments: [] });
  const directory = mkdtempSync(join(tmpdir(), "units-"));
  const host = new SystemManager(join(directory, "units"), { packages: true });
  t.after(async () => {
    await host.close();
    await cloud[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  host.unit(MONITOR, packaged(MONITOR));
  // systemctl of an ordinary user needs both.
  for (const name of ["dbus.socket", "dbus.service", "polkit.service"]) {
    host.unit(name, readFileSync(`/lib/systemd/system/${name}`, "utf8"));
  }
  for (const name of ["restarted", "notified"]) {
    // Not by the name of the unit: each must be found by its command line.
    host.unit(
      `${name}.service`,
      `[Service]\nExecStart=/bin/bash -c 'exec -a /opt/masakari-test/${name} /bin/sleep 900'\n`,
    );
  }
  const files = {
    "masakarimonitors.conf": [
      "[DEFAULT]",
      "hostname = compute1",
      `log_file = ${STATE}/log`,
      cloud.section(),
      "[process]",
      "process_list_path = /etc/masakarimonitors/process_list.yaml",
      "check_interval = 1\nrestart_retries = 0\nrestart_interval = 0\nsettle = 0\nboot_grace = 0",
      "",
    ].join("\n"),
    "process_list.yaml": processList(
      ["restarted", "notified"].map((name) => ({
        process_name: `/opt/masakari-test/${name}`,
        restart_command: name === "restarted" ? "systemctl restart restarted" : "systemctl restart no-such-unit",
        extra: { systemd_unit: `${name}.service` },
      })),
    ),
  };
  await host.boot(["dbus.socket", "restarted.service", "notified.service"]);
  await installBuild(host, directory, files);
  await host.ctl("start", MONITOR).catch((cause: unknown) => {
    throw new Error(`${MONITOR} does not start:\n${host.output}`, { cause });
  });

  const log = async (): Promise<string> => await host.inside("cat", `${STATE}/log`);
  const logged = async (pattern: RegExp): Promise<string> =>
    await eventually(`${pattern} in the log`, IN_TIME, async () => pattern.exec(await log())?.[0]);
  const kill = async (name: string): Promise<void> => {
    await host.inside("kill", "-KILL", await host.property(`${name}.service`, "MainPID"));
  };
  for (const name of ["restarted", "notified"]) await logged(new RegExp(`${name} \\(pid \\d+\\) is running`));
  assert.equal(await host.property(MONITOR, "ActiveState"), "active");

  await kill("restarted");
  await logged(/restarted \(pid \d+\) is running again/);
  assert.equal(await host.property("restarted.service", "ActiveState"), "active");

  await kill("notified");
  const posts = () => cloud.calls.filter(({ method }) => method === "POST");
  await eventually("the notification", IN_TIME, () => posts().length === 1 || undefined);
  assert.match(String(posts()[0]?.body), /"process_name": "notified"/);

  await host.ctl("reload", MONITOR);
  await logged(/SIGHUP/);
  await host.ctl("stop", MONITOR);
  assert.equal(await host.property(MONITOR, "Result"), "success");
  assert.equal(
    await host.property("restarted.service", "ActiveState"),
    "active",
    "what it restarted goes on without it",
  );
  assert.match(await host.inside("stat", "--format=%a %U", STATE), /^700 masakari/);

  await t.test("polkit permits its user to start and restart services, and nothing else", async () => {
    const asUser = async (...command: readonly string[]) => {
      const setpriv = ["setpriv", "--reuid=masakari", "--regid=masakari", "--clear-groups"];
      return await host.inside(...setpriv, "env", "PATH=/usr/bin:/bin", "systemctl", ...command).then(
        () => "done",
        (error: Error) => error.message,
      );
    };
    for (const verb of ["restart", "stop", "start"]) assert.equal(await asUser(verb, "restarted.service"), "done");
    const refused = /[Aa]uthentication|[Aa]ccess denied/;
    assert.match(await asUser("start", "poweroff.target"), refused);
    assert.match(await asUser("start", "systemd-poweroff.service"), refused);
    assert.match(await asUser("kill", "restarted.service"), refused);
    assert.match(await asUser("set-property", "--runtime", "restarted.service", "CPUWeight=1"), refused);
    assert.match(await asUser("daemon-reload"), refused);
    const transient = host.inside(
      "setpriv",
      "--reuid=masakari",
      "--regid=masakari",
      "--clear-groups",
      "systemd-run",
      "--no-ask-password",
      "/bin/true",
    );
    await assert.rejects(transient, refused);
  });
});
