import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { runToEnd } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Receiver } from "../support/receiver.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";
import { Guest } from "./libvirt/guest.ts";
import { Libvirtd } from "./libvirt/libvirtd.ts";
import { missingForLibvirt } from "./libvirt/packages.ts";
import { installBuild, packaged } from "./units/installed-build.ts";

const IN_TIME = 90_000;
const STATE = "/var/lib/masakarimonitors";
const INSTANCE = "masakari-instance-monitor.service";
const INTROSPECTIVE = "masakari-introspective-instance-monitor.service";

const skip =
  (await missingForLibvirt()) || ((await notInstalled(["systemd"])).length > 0 && "systemd is not installed");

test("the instance monitors do their work under their units, on a real libvirtd: a guest dies, another hangs", {
  skip,
}, async (t) => {
  const receiver = await Receiver.start(t);
  const directory = mkdtempSync(join(tmpdir(), "units-"));
  const libvirtd = await Libvirtd.start();
  const host = new SystemManager(join(directory, "units"), { packages: true });
  t.after(async () => {
    await host.close();
    await libvirtd.stop();
    rmSync(directory, { recursive: true });
  });
  // As Debian's libvirtd.conf has it; the read-only socket is open to all.
  await runToEnd("chgrp", ["libvirt", libvirtd.socket]);
  const connection = await connect(libvirtd.uri, { clock: systemClock, log: new KeptLog() });
  t.after(() => connection.close());
  const dying = await Guest.start(libvirtd, connection, "instance-00000001", { agent: "bare", defined: true });
  const hanging = await Guest.start(libvirtd, connection, "instance-00000002");

  for (const name of [INSTANCE, INTROSPECTIVE]) host.unit(name, packaged(name));
  await host.boot([]);
  await installBuild(host, directory, {
    "masakarimonitors.conf": [
      `[DEFAULT]\nhostname = compute1\nlog_dir = ${STATE}`,
      receiver.cloud.section(),
      "[introspectiveinstancemonitor]\nguest_monitoring_interval = 1\nguest_monitoring_timeout = 1",
      String.raw`qemu_guest_agent_sock_path = r'/var/lib/libvirt/qemu/org\.qemu\.guest_agent\..*\.instance-.*\.sock'`,
      "",
    ].join("\n"),
  });
  await host.inside("sh", "-c", `mkdir /run/libvirt && mount --bind ${libvirtd.folder}/run /run/libvirt`);
  for (const name of [INSTANCE, INTROSPECTIVE]) {
    await host.ctl("start", name).catch((cause: unknown) => {
      throw new Error(`${name} does not start:\n${host.output}`, { cause });
    });
  }
  const logged = async (program: string, pattern: RegExp): Promise<string> =>
    await eventually(`${pattern} in the log of ${program}`, IN_TIME, async () => {
      const log = await host.inside("cat", `${STATE}/masakari-${program}.log`);
      const found = pattern.exec(log)?.[0];
      if (found === undefined) throw new Error(log);
      return found;
    });
  await logged("instancemonitor", /watching 2 guests/);
  await logged("introspectiveinstancemonitor", new RegExp(`${hanging.domain.uuid}\\): its agent answers`));

  dying.signal("SIGKILL");
  hanging.send("x-hang");
  for (const { domain } of [dying, hanging]) await receiver.until(domain.uuid);
  assert.deepEqual(receiver.about(dying.domain.uuid), [`compute1 ${dying.domain.uuid} STOPPED_FAILED`]);
  assert.deepEqual(receiver.about(hanging.domain.uuid), [`compute1 ${hanging.domain.uuid} STOPPED_FAILED`]);

  for (const [name, program] of [
    [INSTANCE, "instancemonitor"],
    [INTROSPECTIVE, "introspectiveinstancemonitor"],
  ] as const) {
    await host.ctl("reload", name);
    await logged(program, /SIGHUP: configuration reread/);
    assert.equal(await host.property(name, "NRestarts"), "0");
    await host.ctl("stop", name);
    assert.equal(await host.property(name, "Result"), "success");
  }
});
