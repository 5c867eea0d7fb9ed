import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Container } from "../support/container.ts";
import { buildImage } from "../support/container-image.ts";
import { eventually } from "../support/eventually.ts";
import { Cluster } from "./pacemaker/cluster.ts";
import { missingForPacemaker } from "./pacemaker/packages.ts";
import { RecordingApi } from "./pacemaker/recording-api.ts";
import { idsOf } from "./pacemaker/users.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const IN_TIME = 180_000;
/** kolla/common/users.py. */
const UID = 42485;
const CONFIG = "/etc/masakari-monitors/masakari-monitors.conf";
const STATE = "/var/lib/masakarimonitors";
/** Kolla's image has none of Corosync's own tools, no ipmitool and no systemd. */
const WITHOUT = [
  ...readdirSync("/usr/sbin")
    .filter((name) => name.startsWith("corosync-"))
    .map((name) => `/usr/sbin/${name}`),
  ...["ipmitool", "systemctl", "systemd-run", "busctl"].map((name) => `/usr/bin/${name}`),
];
const SUDOERS = ["/usr/sbin/crm_mon -X", "/usr/sbin/crmadmin *", "/usr/sbin/cibadmin --query", "/usr/bin/tcpdump *"]
  .map((command) => `masakari ALL=(root) NOPASSWD: ${command}\n`)
  .join("");

test("the host monitor as Kolla-Ansible runs it, on a real cluster: a node dies, the container is replaced, the node is back", {
  skip: await missingForPacemaker(),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "container-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = ["--compression", "none", "--package-version", "0", "--output", join(folder, "packages")];
  await promisify(execFile)("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: project });
  const { uid, gid } = idsOf("hacluster");
  const image = await buildImage(join(project, "packaging/container/Containerfile"), {
    context: join(folder, "packages"),
    folder: join(folder, "kolla"),
    base: {
      // crm_mon talks to nobody but root and the user and group of these names: in the image they have the numbers that they have on the host.
      "/etc/passwd": `root:x:0:0:root:/root:/bin/sh\nmasakari:x:${UID}:${UID}::/var/lib/masakari:/usr/sbin/nologin\nhacluster:x:${uid}:${gid}::/:/usr/sbin/nologin\ntcpdump:x:110:110::/nonexistent:/usr/sbin/nologin\n`,
      "/etc/group": `root:x:0:\nkolla:x:42400:masakari\nmasakari:x:${UID}:\nhaclient:x:${gid}:\ntcpdump:x:110:\n`,
      "/etc/sudoers.d/kolla_masakari_sudoers": SUDOERS,
    },
    args: { PACKAGE: "masakari-monitors-common_0_amd64.deb" },
  });
  const cluster = await Cluster.start({ members: 3, management: true, sharesMemory: true });
  t.after(() => cluster.stop());
  const api = await RecordingApi.start(cluster);
  t.after(() => api.stop());
  const node = cluster.node("node1");
  const own = (name: string, mode: number, text?: string): string => {
    const path = join(folder, name);
    if (text === undefined) mkdirSync(path, { mode });
    else writeFileSync(path, text, { mode });
    chownSync(path, UID, UID);
    return path;
  };
  const configuration = [
    "[DEFAULT]\nhost = node1",
    `[api]\nauth_url = ${api.authUrl}\nusername = masakari\npassword = masakari-secret\nproject_name = service`,
    "domain_name = Default\n[host]\nmonitoring_driver = default\nmonitoring_interval = 5\ndisable_ipmi_check = true",
    "corosync_multicast_interfaces = eth0\ncorosync_multicast_ports = 5405\npacemaker_node_type = cluster\n",
  ].join("\n");
  const volumes = [
    `${own("kolla.conf", 0o600, configuration)}:${CONFIG}`,
    // As an engine makes a new volume: with the user and the mode that the directory has in the image.
    `${own("volume", 0o700)}:${STATE}`,
    // `ipc_mode: host`
    `${node.sharedMemory}:/dev/shm`,
  ];
  const start = async (): Promise<Container> => {
    const container = new Container(
      {
        image,
        folder,
        hostname: "node1",
        uid: UID,
        gid: UID,
        groups: [42400],
        privilegeEscalation: true,
        env: { HOME: "/var/lib/masakari", container: "podman" },
        volumes,
        network: node.onNetwork,
        without: WITHOUT,
      },
      ["masakari-hostmonitor", "--config-file", CONFIG],
    );
    t.after(async () => await container.kill());
    await container.line(/Watching 2 hosts of the cluster/, IN_TIME);
    return container;
  };
  const notified = async (container: Container, ...texts: readonly string[]): Promise<void> => {
    await eventually(`${texts}`, IN_TIME, () => {
      if (api.received.length >= texts.length) return true;
      throw new Error(container.output);
    });
    assert.deepEqual(
      api.received.map(({ text }) => text),
      texts,
    );
  };

  const first = await start();
  assert.doesNotMatch(first.output, /no right to run|not installed; install/);
  await cluster.node("node3").kill();
  await notified(first, "node3 STOPPED NORMAL from node1");
  // Killed before that is saved, it would be sent again.
  await first.line(/delivered: COMPUTE_HOST STOPPED on node3/, IN_TIME);
  await first.kill();

  // What was reported is in the volume: the host's return is noticed, although it happened while no container ran.
  await cluster.restore();
  const second = await start();
  await notified(second, "node3 STOPPED NORMAL from node1", "node3 STARTED NORMAL from node1");
  for (const probe of ["live", "ready"]) {
    await eventually(`probe ${probe}`, IN_TIME, async () => {
      const { code, output } = await second.exec(
        "masakari-monitors",
        "status",
        "--config-file",
        CONFIG,
        "--probe",
        probe,
      );
      if (code !== 0) throw new Error(output);
      return true;
    });
  }
  // Corosync's own tools, which Kolla's image lacks, are all that is missing; what a busy machine adds for a moment is over soon.
  await eventually("status with what is missing, and nothing else", IN_TIME, async () => {
    const { output } = await second.exec("masakari-monitors", "status", "--config-file", CONFIG);
    const consequences = [...output.matchAll(/^hostmonitor: degraded for .*?\): (.*?)[,:]/gm)].map(([, text]) => text);
    assert.deepEqual(
      new Set(consequences),
      new Set(["a lost host is believed only after 3 s", "changes are noticed at the next look"]),
      output,
    );
    assert.doesNotMatch(output, /volume|state_path/);
    return true;
  });
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
});
