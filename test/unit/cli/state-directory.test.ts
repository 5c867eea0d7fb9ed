import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import { ChildDirectory } from "../../support/child-directory.ts";
import { eventually } from "../../support/eventually.ts";
import { OutboxRig, stopped } from "../../support/outbox-rig.ts";

const IN_TIME = 60_000;
const bin = (name: string): string => fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));

/** A configuration without a cloud, and its programs. */
function scene(context: TestContext) {
  const children = new ChildDirectory(context, "state-directory-");
  const directory = children.path;
  const statePath = join(directory, "state");
  const conf = join(directory, "m.conf");
  writeFileSync(join(directory, "list.yaml"), "- process_name: node\n  restart_command: /bin/true\n");
  writeFileSync(
    conf,
    `[DEFAULT]
state_path = ${statePath}
[api]
auth_type = none
endpoint = http://127.0.0.1:9
[process]
process_list_path = ${directory}/list.yaml
`,
  );
  const env = { XDG_STATE_HOME: join(directory, "xdg"), STATE_DIRECTORY: "" };
  const start = (...args: readonly string[]): Child => {
    const [program = "", ...rest] = args;
    return children.start(bin(program), [...rest, "--config-file", conf], { env });
  };
  const run = async (...args: readonly string[]) => {
    const child = start("masakari-monitors", ...args);
    const { code } = await child.exited;
    return { code, output: child.output };
  };
  return { directory, statePath, start, run };
}

test("a state directory that is deleted under the running monitor comes back: database, lock and health socket, and one line", async (t) => {
  const { statePath, start, run } = scene(t);
  const monitor = start("masakari-processmonitor");
  await monitor.line(/watching 1 entr/, IN_TIME);
  const files = ["processmonitor.sqlite", "processmonitor.lock", "processmonitor.sock"].map((name) =>
    join(statePath, name),
  );
  await eventually("its files", IN_TIME, () => files.every((path) => existsSync(path)) || undefined);
  const from = monitor.output.length;
  // At once: what the monitor makes again meanwhile would keep the directory from being removed.
  renameSync(statePath, `${statePath}.gone`);
  rmSync(`${statePath}.gone`, { recursive: true });
  await eventually("its files again", IN_TIME, () => files.every((path) => existsSync(path)) || undefined);
  assert.equal(statSync(statePath).mode & 0o777, 0o700);
  const second = start("masakari-processmonitor");
  assert.equal((await second.exited).code, 1);
  assert.match(second.output, new RegExp(`runs here already: pid ${monitor.pid} `));
  assert.match((await run("status")).output, new RegExp(`^processmonitor +${monitor.pid} .* (ok|degraded) `, "m"));
  const lines = monitor.output
    .slice(from)
    .split("\n")
    .filter((line) => line.includes(statePath));
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /moved or deleted while it was in use: a new database was started with all that/);
});

test("the lock or the health socket alone come back, too", async (t) => {
  const { statePath, start } = scene(t);
  const monitor = start("masakari-processmonitor");
  const files = ["processmonitor.lock", "processmonitor.sock"].map((name) => join(statePath, name));
  await eventually("its files", IN_TIME, () => files.every((path) => existsSync(path)) || undefined);
  for (const path of files) {
    rmSync(path);
    await monitor.line(path.endsWith("lock") ? /recreated: the lock of/ : /recreated: the health socket of/, IN_TIME);
    assert.ok(existsSync(path));
  }
});

test("of a state_path that anybody may write to nothing is used; status and outbox find what is used instead", async (t) => {
  const { statePath, start, run } = scene(t);
  const planted = new OutboxRig(statePath);
  planted.outbox.add("host:other", { ...stopped("x"), type: "COMPUTE_HOST", hostname: "other" });
  planted.store.close();
  chmodSync(statePath, 0o777);
  const monitor = start("masakari-processmonitor");
  await monitor.line(
    /CRITICAL .* is not used: .*state is writable for others \(mode 0777\); .* are kept in .*xdg/,
    IN_TIME,
  );
  await monitor.line(/watching 1 entr/, IN_TIME);
  const status = await eventually("its status", IN_TIME, async () => {
    const asked = await run("status", "processmonitor");
    return asked.code === 1 ? asked : undefined;
  });
  assert.match(status.output, /degraded .*state is not kept in the configured directory: .*mode 0777/);
  assert.equal(existsSync(join(statePath, "processmonitor.sqlite")), false);
});

test("a directory that only another user may write to does not hide that user's monitor", {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const { statePath, start } = scene(t);
  const monitor = start("masakari-processmonitor");
  await monitor.line(/watching 1 entr/, IN_TIME);
  chownSync(statePath, 65534, 65534);
  const second = start("masakari-processmonitor");
  assert.equal((await second.exited).code, 1);
  assert.match(second.output, new RegExp(`runs here already: pid ${monitor.pid} `));
});

for (const [what, args] of [
  ["migrate-config --output-dir", ["migrate-config", "--proc-list", "LIST", "--output-dir", "/proc/masakari/out"]],
  ["control-plane --state-dir", ["control-plane", "--state-dir", "/proc/masakari/state"]],
] as const) {
  test(`${what} below /proc ends with the reason, not in an endless loop`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "below-proc-"));
    t.after(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, "d"));
    writeFileSync(join(directory, "proc.list"), "01,sshd,/bin/true,/bin/true,,,,\n");
    const child = new Child(
      bin("masakari-monitors"),
      args.map((arg) => (arg === "LIST" ? join(directory, "proc.list") : arg)),
    );
    t.after(() => child.stop("SIGKILL"));
    assert.notEqual((await child.exited).code, 0);
    assert.match(child.output, /ENOENT.*\/proc\/masakari/);
  });
}
