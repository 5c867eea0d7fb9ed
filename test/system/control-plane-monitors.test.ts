import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NETWORKS } from "../../src/host/consul/networks.ts";
import { Child, runToEnd } from "../support/child.ts";
import { logIn, startFor } from "../support/control-plane.ts";
import { registerHost } from "../support/control-plane-hosts.ts";
import { eventually } from "../support/eventually.ts";
import { agentOption, ConsulClusters } from "./consul/clusters.ts";
import { missingForConsul } from "./consul/packages.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd } from "./libvirt/suite.ts";
import { missingPackages } from "./openstack/packages.ts";

const IN_TIME = 120_000;
/** Python starts slowly on a busy machine; a guest that dies before the monitor is connected is not noticed. */
const ATTEMPT = 10_000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "python-monitors-"));
  context.after(() => rmSync(folder, { recursive: true, maxRetries: 20 }));
  return folder;
}

/** `[api]` as Debian's monitors have it, and their other sections. */
const configuration = (keystoneUrl: string, more: string): string => `[DEFAULT]
debug = true
[api]
auth_type = password
auth_url = ${keystoneUrl}
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region = RegionOne
${more}`;

/** A control plane that knows this machine, what it was notified of, and Debian's monitors for it. */
async function site(context: TestContext) {
  const notified: { type: string; hostname: string; payload: Readonly<Record<string, string>> }[] = [];
  const requests: string[] = [];
  const cloud = await startFor(context, {
    onRequest: ({ method, url }) => void requests.push(`${method} ${url}`),
    onNotification: ({ type, hostname: host, payload }) => void notified.push({ type, hostname: host, payload }),
  });
  await registerHost(cloud, await logIn(cloud), hostname());
  requests.length = 0;
  const folder = folderOf(context);
  const config = (name: string, more: string): string => {
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, configuration(cloud.keystoneUrl, more), { mode: 0o600 });
    return file;
  };
  const start = (program: string, more: string): Child => {
    const monitor = new Child(`/usr/bin/${program}`, ["--config-file", config(program, more)]);
    context.after(() => monitor.stop("SIGKILL"));
    return monitor;
  };
  return { notified, requests, folder, config, start };
}

await describeWithLibvirtd("Debian's Python instance monitor, at the embedded control plane", {}, (host) => {
  test("delivers the end of a guest", async (context) => {
    const { notified, start } = await site(context);
    const connection = await host().connect(context);
    const monitor = start("masakari-instancemonitor", `[libvirt]\nconnection_uri = ${host().libvirtd.uri}\n`);
    await monitor.line(/Using uri:/, IN_TIME);
    const ended: Guest[] = [];
    while (notified.length === 0) {
      assert.ok(ended.length < 9, monitor.output);
      const guest = await Guest.start(host().libvirtd, connection, `instance-0000001${ended.length}`);
      ended.push(guest);
      await guest.destroy();
      await eventually("the notification", ATTEMPT, () => notified.length > 0 || undefined).catch(() => undefined);
    }
    const { type, hostname: where, payload } = notified[0] ?? assert.fail();
    const { instance_uuid: uuid, ...rest } = payload;
    assert.deepEqual(
      { type, where, ...rest },
      { type: "VM", where: hostname(), event: "LIFECYCLE", vir_domain_event: "STOPPED_DESTROYED" },
    );
    // A slow one is of a guest before the last.
    assert.ok(
      ended.some(({ domain }) => domain.uuid === uuid),
      `${uuid}`,
    );
  });
});

describe("Debian's Python process monitor, at the embedded control plane", { skip: await missingPackages() }, () => {
  test("delivers that a process stays down", async (context) => {
    const { notified, folder, start } = await site(context);
    const list = join(folder, "process_list.yaml");
    const commands = ["pre_start", "post_start", "pre_restart", "post_restart"].map((name) => `  ${name}_command:`);
    const entry = [
      "- process_name: /opt/masakari-test/never-there",
      "  start_command: /bin/true",
      "  restart_command: /bin/true",
    ];
    writeFileSync(list, [...entry, ...commands, "  run_as_root: False", ""].join("\n"));
    start(
      "masakari-processmonitor",
      `[process]\nprocess_list_path = ${list}\ncheck_interval = 1\nrestart_retries = 0\nrestart_interval = 0\n`,
    );
    await eventually("the notification", IN_TIME, () => notified.length > 0 || undefined);
    const payload = { event: "STOPPED", process_name: "never-there" };
    assert.deepEqual(notified[0], { type: "PROCESS", hostname: hostname(), payload });
  });
});

await describeWithLibvirtd("Debian's Python introspective monitor, at the embedded control plane", {}, (host) => {
  /** In a mount namespace in which libvirt's default socket is the test's: the monitor pings through no other. */
  function monitor(context: TestContext, config: string, mounts: Readonly<Record<string, string>> = {}): Child {
    const all = { [join(host().libvirtd.folder, "run")]: "/run/libvirt", ...mounts };
    const binds = Object.entries(all).map(([from, to]) => `mount --bind ${from} ${to} && `);
    const script = `mkdir -p /run/libvirt && ${binds.join("")}exec "$@"`;
    const words = ["--mount", "--propagation", "private", "sh", "-c", script, "sh"];
    const child = new Child(
      "unshare",
      [...words, "/usr/bin/masakari-introspectiveinstancemonitor", "--config-file", config],
      {
        env: { PYTHONDONTWRITEBYTECODE: "1" },
      },
    );
    context.after(() => child.stop("SIGKILL"));
    return child;
  }
  const section = (uri: string): string => `[libvirt]
connection_uri = ${uri}
[introspectiveinstancemonitor]
guest_monitoring_interval = 1
guest_monitoring_timeout = 1
guest_monitoring_failure_threshold = 0
`;
  const guests = async (context: TestContext, ...names: readonly string[]): Promise<readonly Guest[]> => {
    const connection = await host().connect(context);
    const started = await Promise.all(names.map((name) => Guest.start(host().libvirtd, connection, name)));
    context.after(() => {
      for (const guest of started) guest.signal("SIGKILL");
    });
    return await Promise.all(started.map((guest) => guest.answering()));
  };

  test("as Debian 12 has it, pings no guest and asks for nothing: its loop over them is Python 2's", async (context) => {
    const { requests, config } = await site(context);
    const [hanging] = await guests(context, "instance-00000021", "instance-00000022", "instance-00000023");
    const child = monitor(context, config("introspectiveinstancemonitor", section(host().libvirtd.uri)));
    let from = 0;
    const round = async (): Promise<void> => {
      await child.line(/'NoneType' object is not callable/, IN_TIME, from);
      from = child.output.length;
    };
    await round();
    hanging?.send("x-hang");
    for (let rounds = 0; rounds < 4; rounds++) await round();
    assert.doesNotMatch(child.output, /guest-ping|Journal/);
    assert.deepEqual(requests, []);
  });

  test("with upstream's fix of that loop, delivers that a guest's agent hangs", async (context) => {
    const { notified, folder, config } = await site(context);
    const installed = "/usr/lib/python3/dist-packages/masakarimonitors/introspectiveinstancemonitor/qemu_utils.py";
    const source = readFileSync(installed, "utf8");
    const fixed = join(folder, "qemu_utils.py");
    // Upstream's commit b89aeeea, in 17.0.0: "for domain in running".
    writeFileSync(
      fixed,
      source.replace("for row in map(None, *[iter(running)] * columns):", "for row in [list(running)]:"),
    );
    assert.notEqual(readFileSync(fixed, "utf8"), source);
    const [hanging] = await guests(context, "instance-00000024");
    const child = monitor(context, config("introspectiveinstancemonitor", section(host().libvirtd.uri)), {
      [fixed]: installed,
    });
    await child.line(new RegExp(`${hanging?.domain.uuid}:Journal:__init__`), IN_TIME);
    hanging?.send("x-hang");
    await eventually("the notification", IN_TIME, () => notified.length > 0 || undefined);
    const payload = {
      event: "QEMU_GUEST_AGENT_ERROR",
      instance_uuid: hanging?.domain.uuid,
      vir_domain_event: "STOPPED_FAILED",
    };
    assert.deepEqual(notified, [{ type: "VM", hostname: hostname(), payload }]);
    await child.line(/Response: /, IN_TIME);
  });
});

describe("the sender that Debian's Python monitors share, at the embedded control plane", {
  skip: await missingPackages(),
}, () => {
  test("delivers once; a duplicate is refused", async (context) => {
    const { notified, folder, config } = await site(context);
    const uuid = "7a7e0a3c-6a3b-4d32-8d3d-0a3c6a3b4d32";
    const payload = { event: "QEMU_GUEST_AGENT_ERROR", instance_uuid: uuid, vir_domain_event: "STOPPED_FAILED" };
    const notification = { type: "VM", hostname: hostname(), generated_time: "2026-11-28T06:00:00", payload };
    const [jobs, results] = [join(folder, "jobs"), join(folder, "results")];
    const job = { config: config("introspectiveinstancemonitor", ""), notification };
    // The second one is a duplicate, which is an error to the sender: it had been delivered.
    writeFileSync(jobs, JSON.stringify([job, job]));
    await runToEnd("/usr/bin/python3", [here("openstack/python/deliver.py"), jobs, results]);
    const [first, second] = JSON.parse(readFileSync(results, "utf8")) as (string | null)[];
    assert.equal(first, null);
    assert.match(second ?? "", /\b409\b/);
    assert.deepEqual(notified, [{ type: "VM", hostname: hostname(), payload }]);
  });
});

describe("Debian's Python host monitor, at the embedded control plane", {
  skip: (await missingPackages()) || (await missingForConsul()),
}, () => {
  test("delivers that a host's agents are gone from three real Consul clusters, and that they are back", async (context) => {
    const clusters = await ConsulClusters.start();
    context.after(() => clusters.stop());
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", here("consul/cloud.ts")];
    const cloud = clusters.spawn("host1", [...node, "host1", "host2", "host3", "host4"]);
    context.after(() => cloud.stop("SIGKILL"));
    const keystone = (await cloud.line(/^keystone: /, IN_TIME)).split(": ")[1] ?? "";
    const file = join(folderOf(context), "hostmonitor.conf");
    const agents = NETWORKS.map((network) => agentOption("host1", network)).join("");
    const host = "[host]\nmonitoring_driver = consul\nmonitoring_interval = 1\n";
    writeFileSync(file, configuration(keystone, `${host}[consul]\n${agents}`), { mode: 0o600 });
    const monitor = clusters.spawn("host1", ["/usr/bin/masakari-hostmonitor", "--config-file", file]);
    context.after(() => monitor.stop("SIGKILL"));
    await monitor.line(/Current cluster state: .*'host2': \['up', 'up', 'up'\]/, IN_TIME);
    clusters.signalHost("host2", "SIGKILL");
    await clusters.ended("host2");
    await cloud.line(/^notified: host2 STOPPED NORMAL/, IN_TIME);
    clusters.startHost("host2");
    await cloud.line(/^notified: host2 STARTED NORMAL/, IN_TIME);
  });
});
