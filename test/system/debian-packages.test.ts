import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { masakariSite } from "../support/masakari-site.ts";
import { processList } from "../support/process-monitor.ts";
import { CONTROL_PLANE, DebianHost, MONITORS, PROJECT, whySkipped } from "./debian/host.ts";
import { notInstalled } from "./installed.ts";

const run = promisify(execFile);

const PYTHON = "14.0.0-1.1";
const LOG = "/var/log/masakari/masakari-process-monitor.log";
const CONFIGURATION =
  "/etc/masakari/masakari.conf /etc/masakarimonitors/* /etc/default/masakari-*-monitor /etc/sudoers.d/masakari*";
/** The first is restarted; of each of the others one death is reported. */
const SERVICES = ["restarted", "first", "second", "third", "by-sudo"];
const IN_TIME = 120_000;

/** A host as an operator has it, with Debian's Python monitors and their files. */
async function hostWithPython(t: TestContext) {
  const site = await masakariSite(t, { segment: ["compute1"] });
  const host = DebianHost.create(t);
  await host.packages("0.1.0");
  const service = (name: string) =>
    `[Service]\nExecStart=/bin/bash -c 'exec -a /opt/masakari-test/${name} /bin/sleep 9000'\n`;
  await host.boot(Object.fromEntries(SERVICES.map((name) => [`${name}.service`, service(name)])));
  const api = Object.entries(site.api).map(([name, value]) => `${name} = ${value}`);
  const process = ["check_interval = 1", "restart_retries = 0", "restart_interval = 1", "settle = 0", "boot_grace = 0"];
  // What Debian's units read, and their arguments.
  const text = ["[DEFAULT]", "hostname = compute1", "[api]", ...api, "[process]", ...process, ""].join("\n");
  // Keystone's and Masakari's own ports may be in use on this machine.
  const dropIn = `/etc/systemd/system/${CONTROL_PLANE}.service.d`;
  const start = "ExecStart=/usr/bin/masakari-monitors control-plane --keystone-port 0 --masakari-port 0";
  await host.shell(`mkdir ${dropIn}; printf '[Service]\nExecStart=\n${start}\n' >${dropIn}/ports.conf`);
  await host.shell("install -d --group=masakari --mode=0750 /etc/masakari");
  await host.file("/etc/masakari/masakari.conf", text);
  await host.file("/etc/default/masakari-process-monitor", 'DAEMON_ARGS="$DAEMON_ARGS --debug"\n', "--mode=0644");
  // Python's needs every start_command.
  const restart: Record<string, string> = {
    restarted: "systemctl restart restarted",
    "by-sudo": "/usr/bin/touch /root/by-sudo",
  };
  const entries = SERVICES.map((name) => ({
    process_name: `/opt/masakari-test/${name}`,
    start_command: `systemctl start ${name}`,
    restart_command: restart[name] ?? "systemctl restart no-such-unit",
  }));
  await host.file("/etc/masakarimonitors/process_list.yaml", processList(entries));
  await host.shell(`systemctl start ${SERVICES.join(" ")}; systemctl restart ${MONITORS.join(" ")}`);
  return {
    host,
    site,
    configuration: await host.shell(`sha256sum ${CONFIGURATION}; stat --format='%n %a %U %G' ${CONFIGURATION}`),
  };
}

test("our Debian packages take the place of Debian's Python ones on a host, and give it back", {
  skip: whySkipped,
}, async (t) => {
  const { host, site, configuration } = await hostWithPython(t);
  const notified = async (name: string): Promise<void> => {
    await eventually(`a notification of ${name}`, IN_TIME, async () => {
      const notifications = await site.client.listNotifications({}, site.options);
      return notifications.some(({ payload }) => JSON.stringify(payload).includes(`"${name}"`)) || undefined;
    });
  };
  const isUntouched = async () =>
    assert.equal(
      await host.shell(`sha256sum ${CONFIGURATION}; stat --format='%n %a %U %G' ${CONFIGURATION}`),
      configuration,
    );
  const versions = async (version: string) => {
    for (const name of [...MONITORS, "masakari-monitors-common"])
      assert.equal(await host.version(name), `ii ${version}`);
  };
  const watches = async () => await host.shows(`cat ${LOG}`, /first \(pid \d+\) is running/);

  await t.test("before: Python's monitors run", async () => {
    await versions(PYTHON);
    await host.shows("ps -ef", /python3 \/usr\/bin\/masakari-processmonitor/);
  });

  await t.test("apt installs ours over them: no question, the configuration untouched, all services up", async () => {
    await host.shell("apt-get install -y --no-install-recommends /run/tests/0.1.0/*.deb");
    await versions("1:0.1.0");
    await host.isUp(CONTROL_PLANE);
    assert.match(await host.shell(". /var/lib/masakari-control-plane/openrc; masakari segment-create kept"), /kept/);
    assert.doesNotMatch(await host.version("python3-masakari-monitors"), /^ii/);
    await isUntouched();
    for (const name of MONITORS) await host.isUp(name);
    assert.doesNotMatch(await host.shell("ps -ef"), /python3.*masakari/);
    assert.match(await host.shell("ps -C masakari-processmonitor -o user= || ps -ef"), /^masakari/);
  });

  await t.test(
    "Debian's files and arguments are in force; a death is restarted through polkit, or notified",
    async () => {
      await watches();
      await host.kill("restarted");
      await host.shows(`cat ${LOG}`, /restarted \(pid \d+\) is running again/);
      await host.kill("first");
      await notified("first");
      assert.match(await host.shell(`cat ${LOG}`), / DEBUG /);
      assert.match(
        await host.shell("masakari-monitors status || true; stat --format='%a %U' /var/lib/masakarimonitors"),
        /700 masakari/,
      );
    },
  );

  await t.test("the log is rotated, and written on", async () => {
    await host.shell("logrotate --force /etc/logrotate.conf");
    await host.shell("systemctl reload masakari-process-monitor");
    await host.shows(`cat ${LOG}`, /SIGHUP/);
    await host.shell(`test -s ${LOG}.1`);
  });

  await t.test(
    "a command that needs sudo is a problem beforehand, until the drop-in of docs/packages.md permits it",
    async () => {
      await host.shows(
        "masakari-monitors status processmonitor",
        /`\/usr\/bin\/touch \/root\/by-sudo` \(sudo cannot work in this unit/,
      );
      const [, dropIn = ""] =
        /```\n(\[Service\]\n[\s\S]*?)```/.exec(readFileSync(join(PROJECT, "docs/packages.md"), "utf8")) ?? [];
      const folder = "/etc/systemd/system/masakari-process-monitor.service.d";
      await host.shell(
        `mkdir ${folder}; echo 'masakari ALL=(root) NOPASSWD: /usr/bin/touch *, /usr/bin/systemctl *' >/etc/sudoers.d/test`,
      );
      await host.file(`${folder}/sudo.conf`, dropIn, "--mode=0644");
      await host.shell("systemctl daemon-reload; systemctl restart masakari-process-monitor");
      await host.kill("by-sudo");
      await host.shows("ls /root", /by-sudo/);
      await host.shell(
        `rm -r ${folder} /etc/sudoers.d/test; systemctl daemon-reload; systemctl restart masakari-process-monitor`,
      );
    },
  );

  await t.test("an upgrade and a downgrade restart the services and change nothing else", async () => {
    await host.packages("0.2.0");
    for (const version of ["0.2.0", "0.1.0"]) {
      const before = await host.shell("systemctl show --property=MainPID masakari-process-monitor");
      await host.shell(`dpkg --install /run/tests/${version}/*.deb`);
      await versions(`1:${version}`);
      for (const name of [...MONITORS, CONTROL_PLANE]) await host.isUp(name);
      assert.match(await host.shell(". /var/lib/masakari-control-plane/openrc; masakari segment-list"), /kept/);
      assert.notEqual(await host.shell("systemctl show --property=MainPID masakari-process-monitor"), before);
      await isUntouched();
    }
    await host.kill("second");
    await notified("second");
  });

  await t.test("what an operator has disabled stays disabled", async () => {
    await host.shell("systemctl disable --now masakari-host-monitor; dpkg --install /run/tests/0.2.0/*.deb");
    assert.match(await host.shell("systemctl is-enabled masakari-host-monitor || true"), /disabled/);
    await host.shell("systemctl enable --now masakari-host-monitor");
  });

  await t.test("removed, the programs are gone, and configuration and state are there", async () => {
    await host.shell(`apt-get remove -y ${MONITORS.join(" ")} masakari-monitors-common`);
    assert.doesNotMatch(await host.shell("ps -ef"), /masakari-.*monitor/);
    await host.shell("test -s /var/lib/masakari-control-plane/control-plane.sqlite");
    await host.shell(
      "test ! -e /usr/bin/masakari-processmonitor; test ! -e /usr/lib/masakari-monitors; test -s /var/lib/masakarimonitors/processmonitor.sqlite",
    );
    await isUntouched();
    await host.shell("dpkg --install /run/tests/0.1.0/*.deb");
    for (const name of MONITORS) await host.isUp(name);
  });

  await t.test("rollback: apt puts the Python packages back, which work with the same configuration", async () => {
    const packages = [...MONITORS, "masakari-monitors-common"].map((name) => `${name}=${PYTHON}`).join(" ");
    await host.shell(`apt-get install -y --no-install-recommends --no-download --allow-downgrades ${packages}`);
    await versions(PYTHON);
    await isUntouched();
    await host.shows("ps -ef", /python3 \/usr\/bin\/masakari-processmonitor/);
    await host.shell(`systemctl start ${SERVICES.join(" ")}`);
    await host.kill("third");
    await notified("third");
  });

  await t.test("purged, nothing is left but the user", async () => {
    await host.shell("dpkg --auto-deconfigure --install /run/tests/0.1.0/*.deb");
    await host.shell(`apt-get purge -y ${MONITORS.join(" ")} ${CONTROL_PLANE} masakari-monitors-common`);
    await host.shell(`rm -r /etc/systemd/system/${CONTROL_PLANE}.service.d`);
    const left = await host.shell(
      "find /etc /usr /lib /var/lib /var/log -name '*masakari*' ! -path '/usr/*python3*' ! -path '/var/lib/apt/*'",
    );
    assert.deepEqual(left.trim().split("\n").sort(), [
      "/etc/default/masakari-process-monitor",
      "/etc/masakari",
      "/etc/masakari/masakari.conf",
      "/var/lib/masakari",
      "/var/log/masakari",
    ]);
  });

  await t.test(
    "on a host that never had the Python ones: installed and enabled, waiting for a configuration",
    async () => {
      await host.shell("rm -r /etc/masakari /etc/default/masakari-process-monitor");
      const output = await host.shell("apt-get install -y --no-install-recommends /run/tests/0.2.0/*.deb");
      assert.match(output, /No \[api\] auth_url is configured yet/);
      assert.match(await host.shell("stat --format='%a %U %G' /etc/masakarimonitors/*"), /^(640 root masakari\n){2}$/);
      for (const name of MONITORS) {
        assert.match(
          await host.shell(`systemctl is-enabled ${name}; systemctl is-active ${name} || true`),
          /^enabled\ninactive/,
        );
      }
    },
  );
});

test("lintian finds no error in the packages, and every override has its reason", {
  skip: (await notInstalled(["lintian"])).length > 0 && "lintian is not installed",
}, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "lintian-"));
  t.after(() => rmSync(directory, { recursive: true }));
  await run("sh", ["bin/launch", "scripts/package.ts", "--compression", "gzip", "--output", directory], {
    cwd: PROJECT,
  });
  const files = readdirSync(directory).map((name) => join(directory, name));
  const { stdout } = await run("lintian", ["--fail-on", "error", "--allow-root", ...files]);
  assert.doesNotMatch(stdout, /^[EW]:/m);
});
