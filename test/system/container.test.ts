import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { startNamedProcess } from "../support/child.ts";
import { Container } from "../support/container.ts";
import { buildImage } from "../support/container-image.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { processList } from "../support/process-monitor.ts";
import { Receiver } from "../support/receiver.ts";
import { Guest } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { missingForLibvirt } from "./libvirt/packages.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const recipe = join(project, "packaging/container/Containerfile");
const IN_TIME = 180_000;
/** What an image has no use for, and an operator's does not have. */
const WITHOUT = ["systemctl", "systemd-run", "loginctl", "busctl", "dbus-send", "sudo"].map(
  (name) => `/usr/bin/${name}`,
);
/** kolla/common/users.py, kolla's base image, and openstack-helm's values.yaml. */
const KOLLA = { uid: 42485, gid: 42485, groups: [42400] } as const;
const HELM_UID = 42424;
const VENV = "/var/lib/kolla/venv/bin";
const ROOT_USER = "root:x:0:0:root:/root:/bin/sh\n";
const STATE = "/var/lib/masakarimonitors";

/** A probe succeeds; on a busy machine a response may take more than its 200 ms at times. */
async function passes(container: Container, probe: string, ...files: readonly string[]): Promise<void> {
  const named = files.flatMap((path) => ["--config-file", path]);
  await eventually(`probe ${probe}`, IN_TIME, async () => {
    const { code, output } = await container.exec("masakari-monitors", "status", ...named, "--probe", probe);
    if (code !== 0) assert.equal(output, "no response within 200 ms\n");
    return code === 0 || undefined;
  });
}

describe("in a container made by the Containerfile, without systemd, systemctl, D-Bus and sudo", {
  skip: await missingForLibvirt(),
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "container-"));
  let libvirtd: Libvirtd;

  const image = async (name: string, base: Readonly<Record<string, string>>, args: Readonly<Record<string, string>>) =>
    await buildImage(recipe, {
      context: join(folder, "packages"),
      folder: join(folder, name),
      base,
      args: { PACKAGE: "masakari-monitors-common_0_amd64.deb", ...args },
    });

  before(async () => {
    const options = ["--compression", "none", "--package-version", "0", "--output", join(folder, "packages")];
    await promisify(execFile)("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: project });
    const sasl = { user: "nova", realm: "kolla", password: "libvirt-secret", mechanisms: "digest-md5" };
    libvirtd = await Libvirtd.start({ tcp: true, sasl });
  });
  after(async () => {
    await libvirtd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A directory of the host, for a volume. */
  function directory(name: string, uid: number, mode = 0o755): string {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true, mode });
    chownSync(path, uid, uid);
    return path;
  }
  function file(name: string, uid: number, mode: number, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    chownSync(path, uid, uid);
    return path;
  }
  async function guest(t: TestContext): Promise<Guest> {
    const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
    t.after(() => connection.close());
    const name = `instance-${Math.random().toString(16).slice(2, 10)}`;
    return await Guest.start(libvirtd, connection, name, { agent: "bare", defined: true });
  }
  /** A guest dies, one more while Masakari refuses, the container is killed, a third dies, and a new container starts. */
  async function killed(
    t: TestContext,
    receiver: Receiver,
    start: () => Promise<Container>,
    logOf = ({ output }: Container) => output,
  ): Promise<Container> {
    const [first, second, third] = [await guest(t), await guest(t), await guest(t)];
    const container = await start();
    first.signal("SIGKILL");
    await receiver.until(first.domain.uuid);
    // Killed before that is saved, it would be sent again.
    const saved = new RegExp(`delivered: VM .*${first.domain.uuid}`);
    await eventually(`${saved}`, IN_TIME, () => saved.test(logOf(container)) || undefined);
    receiver.refusing = true;
    second.signal("SIGKILL");
    await eventually("a refused notification", IN_TIME, () => receiver.refused > 0 || undefined);
    await container.kill();
    third.signal("SIGKILL");
    const again = await start();
    receiver.refusing = false;
    for (const { domain } of [second, third]) await receiver.until(domain.uuid);
    const fourth = await guest(t);
    fourth.signal("SIGKILL");
    await receiver.until(fourth.domain.uuid);
    for (const { domain } of [first, second, third, fourth]) {
      assert.deepEqual(receiver.about(domain.uuid), [`compute1 ${domain.uuid} STOPPED_FAILED`]);
    }
    return again;
  }

  test("as Kolla-Ansible runs it, with a volume: killed in an outage it loses nothing and sends nothing twice", async (t) => {
    const receiver = await Receiver.start(t);
    const users = {
      "/etc/passwd": `${ROOT_USER}masakari:x:42485:42485::/var/lib/masakari:/usr/sbin/nologin\n`,
      "/etc/group": "root:x:0:\nkolla:x:42400:masakari\nmasakari:x:42485:\n",
      // The Python monitor of Kolla's image, which PATH finds first.
      [`${VENV}/masakari-instancemonitor`]: "#!/bin/false\n",
    };
    const built = await image("kolla", users, { PROGRAMS: VENV });
    const configuration = [
      "[DEFAULT]\nhost = compute1\nlog_dir = /var/log/kolla/masakari",
      receiver.cloud.section(),
      `[libvirt]\nconnection_uri = "qemu+tcp://127.0.0.1:${libvirtd.tcpPort}/system"`,
      "[callback]\nretry_max = 2\nretry_interval = 1",
      "[oslo_concurrency]\nlock_path = /var/lib/masakari/tmp\n",
    ].join("\n");
    const login =
      "[credentials-default]\nauthname=nova@kolla\npassword=libvirt-secret\n\n[auth-libvirt-default]\ncredentials=default\n";
    const logs = directory("kolla_logs/masakari", KOLLA.uid);
    // As an engine makes a new volume: with the user and the mode that the directory has in the image.
    const volume = directory("volume", KOLLA.uid, 0o700);
    const log = join(logs, "masakari-instancemonitor.log");
    const config = "/etc/masakari-monitors/masakari-monitors.conf";
    const start = async () => {
      const from = existsSync(log) ? readFileSync(log, "utf8").length : 0;
      const container = new Container(
        {
          image: built,
          folder,
          hostname: "compute1",
          ...KOLLA,
          privilegeEscalation: true,
          env: { PATH: `${VENV}:/usr/local/bin:/usr/bin:/bin`, HOME: "/var/lib/masakari", container: "podman" },
          volumes: [
            `${file("kolla.conf", KOLLA.uid, 0o600, configuration)}:${config}`,
            `${file("auth.conf", KOLLA.uid, 0o600, login)}:/var/lib/masakari/.config/libvirt/auth.conf`,
            `${join(folder, "kolla_logs")}:/var/log/kolla`,
            `${volume}:${STATE}`,
          ],
          without: WITHOUT,
        },
        ["masakari-instancemonitor", "--config-file", config],
      );
      t.after(async () => await container.kill());
      await eventually("guests watched", IN_TIME, () => {
        const text = existsSync(log) ? readFileSync(log, "utf8").slice(from) : "";
        if (!/watching \d+ guests?/.test(text)) throw new Error(`${container.output}\n${text}`);
        return true;
      });
      return container;
    };
    const container = await killed(t, receiver, start, () => readFileSync(log, "utf8"));
    for (const probe of ["live", "ready"]) await passes(container, probe, config);
    const status = await container.exec("masakari-monitors", "status", "--config-file", config);
    assert.doesNotMatch(status.output, /volume|state_path/);
    assert.deepEqual(await container.stop(), { code: 0, signal: null });
  });

  describe("as openstack-helm's chart runs it, which mounts the host's /run and no volume", () => {
    const files = ["/etc/masakari/masakarimonitors.conf", "/tmp/pod-shared/masakarimonitors.conf"];
    let built: string;
    before(async () => {
      // The base has no user masakari: the recipe makes it.
      built = await image("helm", { "/etc/passwd": ROOT_USER, "/etc/group": "root:x:0:\n", "/etc/shadow": "" }, {});
    });

    interface Pod {
      readonly uid: number;
      readonly configuration: string;
      readonly volumes: readonly string[];
      readonly hostPid: boolean;
    }
    function pod(t: TestContext, program: string, { uid, configuration, volumes, hostPid }: Pod): Container {
      const name = `${program}-${uid}`;
      const container = new Container(
        {
          image: built,
          folder,
          hostname: "masakari-monitor-x7k2p",
          uid,
          gid: uid,
          env: { HOME: "/", KUBERNETES_SERVICE_HOST: "10.96.0.1", COMPUTE_NODE_NAME: "compute1" },
          volumes: [
            `${directory("etc-masakari", 0)}:/etc/masakari`,
            `${file(`${name}.conf`, 0, 0o444, configuration)}:${files[0]}:ro`,
            // As masakari-monitors-init.sh writes it, from the downward API.
            `${file(`${name}-shared.conf`, uid, 0o644, "[DEFAULT]\nhostname=compute1\n")}:${files[1]}`,
            ...volumes,
          ],
          hostPid,
          without: WITHOUT,
        },
        [program, ...files.flatMap((path) => ["--config-file", path])],
      );
      t.after(async () => await container.kill());
      return container;
    }
    const status = async (container: Container) =>
      await container.exec("masakari-monitors", "status", ...files.flatMap((path) => ["--config-file", path]));

    test("the instance monitor as root: state in the host's /run survives the container, and it is degraded", async (t) => {
      const receiver = await Receiver.start(t);
      const run = directory("run", 0);
      mkdirSync(join(run, "systemd/system"), { recursive: true });
      const configuration = `${receiver.cloud.section()}[callback]\nretry_max = 2\nretry_interval = 1\n`;
      const volumes = [`${run}:/run`, `${join(libvirtd.folder, "run")}:/run/libvirt`];
      const start = async () => {
        const container = pod(t, "masakari-instancemonitor", { uid: 0, configuration, volumes, hostPid: false });
        await container.line(/watching \d+ guests?/, IN_TIME);
        return container;
      };
      const container = await killed(t, receiver, start);
      assert.match(
        container.output,
        /CRITICAL .*kept in \/run\/masakarimonitors until the next reboot, which loses them/,
      );
      await passes(container, "ready", ...files);
      const { code, output } = await status(container);
      assert.equal(code, 1);
      assert.match(output, /instancemonitor: degraded.*kept in \/run\/masakarimonitors/);
      assert.deepEqual(await container.stop(), { code: 0, signal: null });
    });

    test("the process monitor as an ordinary user, in the host's PID namespace: notified by the node's name, and degraded", async (t) => {
      const receiver = await Receiver.start(t);
      const watched = startNamedProcess(join(folder, "nova-compute"));
      t.after(async () => await watched.stop("SIGKILL"));
      const list = processList([{ process_name: join(folder, "nova-compute"), restart_command: "" }]);
      const configuration = `${receiver.cloud.section()}[process]
process_list_path = /etc/masakari/process_list.yaml
check_interval = 1
boot_grace = 0
restart_retries = 0
`;
      const volumes = [`${file("list.yaml", 0, 0o444, list)}:/etc/masakari/process_list.yaml:ro`];
      const container = pod(t, "masakari-processmonitor", {
        uid: HELM_UID,
        configuration,
        volumes,
        hostPid: true,
      });
      await container.line(/nova-compute \(pid \d+\) is running/, IN_TIME);
      assert.match(container.output, /INFO .*systemd cannot be queried \(there is no \/run\/systemd\/system\)/);
      watched.signal("SIGKILL");
      await receiver.until("nova-compute");
      assert.deepEqual(receiver.accepted, ["compute1 nova-compute STOPPED"]);
      const { code, output } = await status(container);
      assert.equal(code, 1);
      assert.match(
        output,
        /no volume is mounted at \/var\/lib\/masakarimonitors .* until the container is replaced, which loses them/,
      );
      assert.deepEqual(await container.stop(), { code: 0, signal: null });
    });
  });
});
