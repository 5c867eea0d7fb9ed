import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { json } from "../support/http-server.ts";
import { type ListEntry, ours, quick, Rig } from "../support/process-monitor.ts";
import { SystemManager } from "../support/system-manager.ts";
import { notInstalled } from "./installed.ts";

const MONITOR = "masakari-processmonitor.service";
const IN_TIME = 90_000;
const tools = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));

/** A service whose program shows the rig's path; it starts after the monitor, and so is stopped before it. */
function service(rig: Rig, name: string, more = "", before = ""): string {
  const program = `/bin/bash -c '${before} exec -a "$0" /bin/sleep 900' ${rig.path(name)}`;
  return `[Unit]\nAfter=${MONITOR} slow.service\n[Service]\nExecStart=${program}\n${more}\n`;
}

const skip =
  process.getuid?.() !== 0
    ? "only root can make the namespaces for a systemd"
    : (await notInstalled(["systemd"])).length > 0 && "systemd is not installed";

test("on a host of systemd's: boot, restarts, stops on purpose, back-off, failures, shutdown and reboot", {
  skip,
}, async (t) => {
  const cloud = await FakeCloud.start();
  cloud.api = ({ method }, response) =>
    method === "POST"
      ? json(response, 202, { notification: { notification_uuid: "n-1" } })
      : json(response, 200, { segments: [] });
  const rig = await Rig.create({
    hostname: "compute1",
    api: cloud.section(),
    process: { ...quick, settle: 1, boot_grace: 5 },
  });
  const host = new SystemManager(join(rig.directory, "units"));
  t.after(async () => {
    await host.close();
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });

  const run = process.env.MASAKARI_MONITORS_RUN ?? "source";
  const logFile = join(rig.directory, "log");
  host.unit(
    MONITOR,
    `[Service]
Type=notify
Environment=MASAKARI_MONITORS_RUN=${run}
ExecStart=${ours.path} --config-file ${rig.configFile} --log-file ${logFile}
KillMode=process
TimeoutStartSec=infinity
`,
  );
  host.unit("slow.service", `[Unit]\nAfter=${MONITOR}\n[Service]\nType=oneshot\nExecStart=/bin/sleep 12\n`);
  host.unit("plain.service", service(rig, "plain"));
  host.unit("wrapped.service", service(rig, "wrapped", "ExecStartPre=/bin/sleep 4", "sleep 3;"));
  host.unit("left.service", service(rig, "left"));
  host.unit("backoff.service", service(rig, "backoff", "Restart=on-failure\nRestartSec=6"));
  const failing = join(rig.directory, "fail");
  host.unit(
    "limited.service",
    service(rig, "limited", "Restart=always\nRestartSec=100ms", `[ ! -e ${failing} ] || exit 1;`).replace(
      "[Service]",
      "StartLimitIntervalSec=600\nStartLimitBurst=3\n[Service]",
    ),
  );
  host.unit(
    "stubborn.service",
    service(rig, "stubborn", "TimeoutStopSec=5", "").replace("exec -a", `trap "" TERM; exec -a`),
  );
  const units = ["plain", "wrapped", "left", "backoff", "limited", "stubborn"];
  const entry = (name: string, extra: ListEntry["extra"] = {}): ListEntry => ({
    process_name: rig.path(name),
    restart_command: `systemctl restart ${name}`,
    extra,
  });
  const entries = [
    ...units.map((name) => entry(name, name === "left" ? { leave_stopped: "true" } : {})),
    // It can only be notified, and no command names its unit.
    { process_name: rig.path("plain"), restart_command: '""', extra: { systemd_unit: "plain.service" } },
  ];
  await rig.list(entries);

  const log = () => {
    try {
      return readFileSync(logFile, "utf8");
    } catch {
      return "";
    }
  };
  /** A line that is logged after this point. */
  const logged = async (pattern: RegExp, from: number): Promise<string> =>
    await eventually(`${pattern} in the log`, IN_TIME, () => pattern.exec(log().slice(from))?.[0]);
  const up = (name: string, from: number) =>
    logged(new RegExp(`bin/${name} \\(pid \\d+\\) (is running|goes on)`), from);
  const restarts = (name: string, from = 0): number =>
    log().slice(from).split(`bin/${name}: restart_command runs`).length - 1;
  const notified = (): unknown[] =>
    cloud.calls.filter(({ method }) => method === "POST").map(({ body }) => String(body));
  const kill = async (name: string) => {
    const pid = await host.property(`${name}.service`, "MainPID");
    await host.inside("kill", "-KILL", pid);
  };

  await t.test(
    "boot: services that start after the monitor, and after a slow one, are neither started nor notified",
    async () => {
      await host.boot([MONITOR, "slow.service", ...units.map((name) => `${name}.service`)]);
      await logged(/bin\/plain: systemd reports plain\.service as inactive with a job queued/, 0);
      for (const name of units) await up(name, 0);
      assert.deepEqual([log().includes("restart_command runs"), notified()], [false, []]);
    },
  );

  await t.test(
    "systemctl restart of a service that takes seconds and begins as a script: no second restart",
    async () => {
      const from = log().length;
      await host.ctl("restart", "wrapped");
      await up("wrapped", from);
      assert.equal(restarts("wrapped", from), 0);
      assert.match(log().slice(from), /wrapped\.service as activating, so it is left to finish/);
    },
  );

  await t.test("auto-restart after RestartSec is left to systemd", async () => {
    const from = log().length;
    await kill("backoff");
    await up("backoff", from);
    assert.equal(restarts("backoff", from), 0);
  });

  await t.test("a killed service that nobody restarts is restarted by the monitor", async () => {
    const from = log().length;
    await kill("stubborn");
    await up("stubborn", from);
    assert.equal(restarts("stubborn", from), 1);
  });

  await t.test("stop on purpose: undone by default, left with leave_stopped, left while paused", async () => {
    const from = log().length;
    await host.ctl("stop", "left");
    await logged(/left\.service was stopped through systemd, so it is left stopped/, from);
    const pause = [tools, "pause", "backoff", "--config-file", rig.configFile, "--for", "1h", "--reason", "work on it"];
    assert.match(await host.inside("env", `MASAKARI_MONITORS_RUN=${run}`, ...pause), /backoff is paused until/);
    await host.ctl("stop", "backoff");
    await logged(/bin\/backoff: paused until \S+ \(work on it\)/, from);

    // The monitor of another run knows of both.
    const restarted = log().length;
    await host.ctl("restart", MONITOR);
    await logged(/bin\/backoff: paused until/, restarted);
    await up("stubborn", restarted);
    const again = log().length;
    await host.ctl("stop", "stubborn");
    await up("stubborn", again);
    assert.deepEqual([restarts("left", from), restarts("backoff", from), restarts("stubborn", from)], [0, 0, 1]);

    const resume = [tools, "resume", "backoff", "--config-file", rig.configFile];
    await host.inside("env", `MASAKARI_MONITORS_RUN=${run}`, ...resume);
    await host.ctl("start", "left");
    await up("backoff", again);
    await up("left", again);
    assert.deepEqual([restarts("left", from), restarts("backoff", from)], [0, 1]);
  });

  await t.test("an upgrade with leave_stopped: stop, daemon-reexec, start", async () => {
    const from = log().length;
    await host.ctl("stop", "left");
    await host.ctl("daemon-reexec");
    await logged(/left\.service was stopped through systemd/, from);
    await host.ctl("start", "left");
    await up("left", from);
    assert.deepEqual([restarts("left", from), notified()], [0, []]);
  });

  await t.test("a service that its start limit keeps down is notified", async () => {
    const from = log().length;
    await rig.file(failing, "");
    await kill("limited");
    await logged(/bin\/limited has been down for .* notifying Masakari/, from);
    await eventually("the notification", IN_TIME, () => notified().length === 1 || undefined);
    assert.match(String(notified()[0]), /"limited"/);
  });

  await t.test("a service that systemd kills at its TimeoutStartSec, whoever starts it, is notified", async () => {
    const from = log().length;
    host.unit("late.service", service(rig, "late", "Type=notify\nTimeoutStartSec=4"));
    await host.ctl("daemon-reload");
    await host.ctl("start", "--no-block", "late");
    await rig.list([...entries, entry("late")]);
    await up("late", from);
    await logged(/bin\/late has been down for .* notifying Masakari/, from);
    await eventually("the notification", IN_TIME, () => notified().length === 2 || undefined);
    assert.match(String(notified()[1]), /"late"/);
  });

  await t.test(
    "a shutdown: nothing is restarted, nothing notified, though services end before the monitor does",
    async () => {
      const from = log().length;
      await host.ctl("poweroff").catch(() => undefined);
      await logged(/bin\/plain: the host is being shut down/, from);
      await host.ended();
      assert.match(log().slice(from), /stopped\n$/);
      assert.deepEqual([log().slice(from).includes("restart_command runs"), notified().length], [false, 2]);
    },
  );

  await t.test("the next boot begins afresh", async () => {
    const from = log().length;
    await rig.file(failing.replace(/fail$/, "unused"), "");
    await host.boot([MONITOR, "slow.service", "plain.service"]);
    await up("plain", from);
    assert.equal(restarts("plain", from), 0);
    const rebooting = log().length;
    await host.ctl("reboot").catch(() => undefined);
    await host.ended();
    assert.deepEqual([log().slice(rebooting).includes("restart_command runs"), notified().length], [false, 2]);
  });
});
