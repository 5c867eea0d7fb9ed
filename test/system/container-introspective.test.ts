import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { Container } from "../support/container.ts";
import { buildImage } from "../support/container-image.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Receiver } from "../support/receiver.ts";
import { Guest } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { missingForLibvirt } from "./libvirt/packages.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const IN_TIME = 180_000;
/** libvirtd refuses a peer whose user it does not find in its own passwd: this is nobody's, which every system has. */
const UID = 65_534;
/** Of libvirt's read-write socket, as Debian's libvirtd.conf has it. */
const GROUP = 64_055;
const CONFIG = "/etc/masakari/masakarimonitors.conf";

test("the introspective monitor in a pod, as an ordinary user of libvirt's group: a guest that hangs is reported once, also by a new container", {
  skip: await missingForLibvirt(),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "container-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const options = ["--compression", "none", "--package-version", "0", "--output", join(folder, "packages")];
  await promisify(execFile)("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: project });
  const image = await buildImage(join(project, "packaging/container/Containerfile"), {
    context: join(folder, "packages"),
    folder: join(folder, "helm"),
    base: { "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n", "/etc/shadow": "" },
    args: { PACKAGE: "masakari-monitors-common_0_amd64.deb" },
  });
  const libvirtd = await Libvirtd.start();
  t.after(() => libvirtd.stop());
  chownSync(libvirtd.socket, 0, GROUP);
  const receiver = await Receiver.start(t);
  const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
  t.after(() => connection.close());
  const hanging = await Guest.start(libvirtd, connection, "instance-0000a001");

  const etc = join(folder, "etc-masakari");
  mkdirSync(etc, { mode: 0o755 });
  const configuration = join(etc, "masakarimonitors.conf");
  writeFileSync(
    configuration,
    `[DEFAULT]
hostname = compute1
${receiver.cloud.section()}
[introspectiveinstancemonitor]
guest_monitoring_interval = 1
guest_monitoring_timeout = 1
qemu_guest_agent_sock_path = r'/var/lib/libvirt/qemu/org\\.qemu\\.guest_agent\\..*\\.instance-.*\\.sock'
`,
    { mode: 0o444 },
  );
  const volume = join(folder, "state");
  mkdirSync(volume, { mode: 0o700 });
  chownSync(volume, UID, UID);
  const start = async (): Promise<Container> => {
    const container = new Container(
      {
        image,
        folder,
        hostname: "masakari-introspective-instance-monitor-x7k2p",
        uid: UID,
        gid: UID,
        groups: [GROUP],
        env: { HOME: "/", KUBERNETES_SERVICE_HOST: "10.96.0.1" },
        volumes: [
          `${etc}:/etc/masakari:ro`,
          `${join(libvirtd.folder, "run")}:/run/libvirt`,
          `${volume}:/var/lib/masakarimonitors`,
        ],
        without: ["/usr/bin/systemctl", "/usr/bin/sudo"],
      },
      ["masakari-introspectiveinstancemonitor", "--config-file", CONFIG],
    );
    t.after(async () => await container.kill());
    await container.line(/watching \d+ guests? with/, IN_TIME);
    await eventually("the probe ready", IN_TIME, async () => {
      const words = ["status", "--config-file", CONFIG, "--probe", "ready"];
      const { code, output } = await container.exec("masakari-monitors", ...words);
      if (code !== 0) throw new Error(`${output}${container.output}`);
      return true;
    });
    return container;
  };

  const first = await start();
  await first.line(new RegExp(`${hanging.domain.uuid}\\): its agent answers`), IN_TIME);
  hanging.send("x-hang");
  await receiver.until(hanging.domain.uuid);
  // Killed before that is saved, it would be sent again.
  await first.line(new RegExp(`delivered: VM .*${hanging.domain.uuid}`), IN_TIME);
  await first.kill();
  const second = await start();
  const list = await second.exec("masakari-monitors", "list", "--config-file", CONFIG);
  assert.match(list.output, /instance-0000a001.*does not answer, reported/);
  const another = await Guest.start(libvirtd, connection, "instance-0000a002");
  await second.line(new RegExp(`${another.domain.uuid}\\): its agent answers`), IN_TIME);
  another.send("x-hang");
  await receiver.until(another.domain.uuid);
  const { output } = await second.exec("masakari-monitors", "status", "--config-file", CONFIG);
  assert.doesNotMatch(output, /no volume/);
  assert.deepEqual(receiver.about(hanging.domain.uuid), [`compute1 ${hanging.domain.uuid} STOPPED_FAILED`]);
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
});
