import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../support/child.ts";
import { inControlGroup, removeControlGroup } from "../support/control-group.ts";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { ours, Rig } from "../support/process-monitor.ts";
import { notInstalled } from "./installed.ts";

const document = fileURLToPath(new URL("../../docs/migration.md", import.meta.url));
const UNIT = "masakari-processmonitor.service";
const IN_TIME = 60_000;

/** A user's systemd, which asks for no more than a directory that shows that there is a systemd, and namespaces to end with. */
const enter = `set -e
mount -t proc proc /proc
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
# Not exec: as process 1 it would be the machine's.
/lib/systemd/systemd --user --unit=basic.target
`;

/** The unit of docs/migration.md, for this program and with a watchdog for the impatient. */
function unit(start: string): string {
  const text = readFileSync(document, "utf8");
  const [, found] = /```\n(\[Unit\][\s\S]*?)```/.exec(text) ?? [];
  assert.ok(found);
  return found
    .replace(/^ExecStart=.*$/m, `ExecStart=${start}`)
    .replace(/^WatchdogSec=.*$/m, "WatchdogSec=12")
    .replace("multi-user.target", "default.target");
}

class Systemd {
  readonly #child: Child;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(child: Child, env: Readonly<Record<string, string>>) {
    this.#child = child;
    this.#env = env;
  }

  static async start(context: TestContext, unitText: string): Promise<Systemd> {
    const directory = mkdtempSync(join(tmpdir(), "systemd-"));
    for (const part of ["runtime", "home/.config/systemd/user"]) {
      mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
    }
    const units = join(directory, "home/.config/systemd/user");
    writeFileSync(join(units, "basic.target"), "[Unit]\nDescription=Nothing else\n");
    writeFileSync(join(units, UNIT), unitText);
    const env = {
      HOME: join(directory, "home"),
      XDG_CONFIG_HOME: join(directory, "home/.config"),
      XDG_RUNTIME_DIR: join(directory, "runtime"),
      MASAKARI_MONITORS_RUN: process.env.MASAKARI_MONITORS_RUN ?? "source",
    };
    const group = `masakari-user-${randomUUID().slice(0, 8)}`;
    const [command = "", ...words] = inControlGroup(group, enter);
    const child = new Child(command, words, { env });
    const systemd = new Systemd(child, env);
    context.after(async () => {
      await child.stop("SIGKILL", 0);
      await removeControlGroup(group);
      rmSync(directory, { recursive: true, force: true });
    });
    await eventually(
      "systemd",
      IN_TIME,
      async () => (await systemd.ctl("is-active", "basic.target")).trim() === "active" || undefined,
    );
    return systemd;
  }

  /** What `systemctl --user` writes. It fails if that does. Systemd speaks only with processes that it can see. */
  async ctl(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.#env };
    const inside = readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, "utf8").trim();
    const command = ["--target", inside, "--mount", "--pid", "systemctl", "--user", ...args];
    return await new Promise((resolve, reject) => {
      execFile("nsenter", command, { env, timeout: IN_TIME }, (error, stdout, stderr) => {
        if (error) reject(new Error(`systemctl ${args.join(" ")}: ${stderr}\n${this.#child.output}`, { cause: error }));
        else resolve(stdout);
      });
    });
  }

  async show(property: string): Promise<string> {
    return (await this.ctl("show", `--property=${property}`, "--value", UNIT)).trim();
  }

  async shows(property: string, value: RegExp): Promise<void> {
    await eventually(`${property} ${value}`, IN_TIME, async () => {
      const shown = await this.show(property);
      if (!value.test(shown)) throw new Error(`it is ${shown}`);
      return true;
    });
  }
}

test("under a real systemd, with the unit of docs/migration.md: up when it watches, reloads, hangs and is restarted, stops", {
  skip:
    process.getuid?.() !== 0
      ? "only root can make the namespaces for a systemd"
      : (await notInstalled(["systemd"])).length > 0 && "systemd is not installed",
}, async (t) => {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  t.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  // What it can see: it is in a PID namespace with systemd.
  const list = [{ process_name: "/lib/systemd/systemd" }];
  await rig.list(list);
  const log = join(rig.directory, "log");
  const start = `${ours.path} --config-file ${rig.configFile} --log-file ${log}`;
  // The file by which systemd sees that it may run would show the monitor that the host's systemd can be queried.
  const alone = unit(start).replace("[Service]", "[Service]\nExecStartPre=/bin/rm -rf /run/systemd/system");
  const systemd = await Systemd.start(t, alone);

  const logged = (line: RegExp) =>
    eventually(`${line} in the log`, IN_TIME, () => line.test(readFileSync(log, "utf8")) || undefined);

  await systemd.ctl("start", UNIT);
  await logged(/watching 1 entry/);
  await systemd.shows("StatusText", /^ok$/);

  await rig.list("- process_name: web\n  restart_comand: x\n");
  await systemd.shows("StatusText", /^degraded: an edit of the process list is refused.*restart_comand/);
  await rig.list(list);
  await systemd.shows("StatusText", /^ok$/);

  await systemd.ctl("reload", UNIT);
  await logged(/SIGHUP: configuration reread/);
  await systemd.shows("ActiveState", /^active$/);
  assert.equal(await systemd.show("NRestarts"), "0");

  await systemd.ctl("kill", "--signal=STOP", UNIT);
  await systemd.shows("NRestarts", /^1$/);
  await systemd.shows("ActiveState", /^active$/);

  await systemd.ctl("stop", UNIT);
  assert.equal(await systemd.show("ActiveState"), "inactive");
  assert.equal(await systemd.show("Result"), "success");
  assert.match(readFileSync(log, "utf8"), /SIGTERM: stopping[\s\S]*stopped\n$/);
});
