import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Child } from "../../support/child.ts";
import { DatagramReceiver } from "../../support/datagram-receiver.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { ours, Rig } from "../../support/process-monitor.ts";

test("systemd is notified when the monitor is up, reloads, is alive and stops; what the monitor starts does not inherit the socket", async (t) => {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  t.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  const script = join(rig.directory, "start.sh");
  const service = rig.path("started");
  await rig.file(
    script,
    `/usr/bin/env
setsid /bin/bash -c 'exec -a "$0" /bin/sleep 900' ${service} >/dev/null 2>&1 </dev/null &
echo $! >>${rig.directory}/started
until grep -q '^${service}' /proc/$!/cmdline; do sleep 0.01; done
`,
  );
  // Not as root: an ordinary user who runs the tests has no sudo without a password.
  await rig.list(`- process_name: ${service}\n  start_command: /bin/bash ${script}\n`);
  const path = join(rig.directory, "notify");
  using systemd = new DatagramReceiver(path);
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "500000" };
  const monitor = new Child(ours.path, ["--config-file", rig.configFile], { env });
  t.after(() => monitor.stop());

  await systemd.first(/^READY=1$/, 60_000);
  await monitor.line(/watching 1 entry/, 60_000);
  await systemd.first(/^STATUS=ok$/, 60_000);
  const fed = () => systemd.all.filter((one) => one === "WATCHDOG=1").length;
  const before = fed();
  await systemd.first(/^WATCHDOG=1$/, 60_000, systemd.all.length);
  assert.ok(fed() > before);

  await monitor.line(/stdout: PATH=/, 60_000);
  assert.doesNotMatch(monitor.output, /NOTIFY_SOCKET|WATCHDOG_/);

  const beforeReload = systemd.all.length;
  const mono = process.hrtime.bigint();
  monitor.signal("SIGHUP");
  const reloading = await systemd.first(/^RELOADING=1/, 60_000, beforeReload);
  const [, microseconds = ""] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
  assert.ok(BigInt(microseconds) >= mono / 1000n, "it is systemd's own clock");
  await systemd.first(/^READY=1$/, 60_000, systemd.all.indexOf(reloading, beforeReload));

  await appendFile(rig.configFile, "[process]\ncheck_interval = soon\n");
  const beforeRefusal = systemd.all.length;
  monitor.signal("SIGHUP");
  await systemd.first(/^STATUS=degraded: .*the new configuration is refused.*check_interval/, 60_000, beforeRefusal);
  await systemd.first(/^READY=1$/, 60_000, beforeRefusal);

  monitor.signal("SIGTERM");
  await systemd.first(/^STOPPING=1$/, 60_000);
  assert.equal((await monitor.exited).code, 0);
});
