import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Child } from "../../support/child.ts";
import { ChildDirectory } from "../../support/child-directory.ts";

const bin = (name: string): string => fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));

/** A configuration that needs no server: nothing listens on the endpoint, and the list is empty of what could die. */
function scene(context: TestContext, interval = "1") {
  const children = new ChildDirectory(context, "programs-");
  const directory = children.path;
  const conf = join(directory, "m.conf");
  writeFileSync(join(directory, "list.yaml"), "- process_name: node\n  restart_command: /bin/true\n");
  const write = (checkInterval: string) =>
    writeFileSync(
      conf,
      `[DEFAULT]
state_path = ${directory}/state
[api]
auth_url = http://127.0.0.1:9/v3
username = masakari
password = correct-horse
project_name = service
domain_name = Default
[process]
process_list_path = ${directory}/list.yaml
check_interval = ${checkInterval}
`,
    );
  write(interval);
  const start = (program: string, ...args: string[]): Child => children.start(bin(program), args);
  return { conf, write, start };
}

test("check-config shows every value but the secrets, and exits 1 on an error", async (context) => {
  const { conf, write, start } = scene(context);
  const good = start("masakari-monitors", "check-config", "--config-file", conf);
  assert.equal((await good.exited).code, 0);
  assert.match(good.output, new RegExp(`# ${conf}:\\d+\\nusername = masakari`));
  assert.ok(!good.output.includes("correct-horse"));
  write("soon");
  const bad = start("masakari-monitors", "check-config", "--config-file", conf);
  assert.equal((await bad.exited).code, 1);
  assert.match(bad.output, /m\.conf:\d+: error: \[process\] check_interval/);
});

test("what a configuration has of control characters does not reach the terminal", async (context) => {
  const { conf, start } = scene(context);
  appendFileSync(conf, "che\u001bck = 1\n[pro\u0007cess]\nx\u009b = 1\n[api]\nregion = One\u001b[31m\n");
  for (const program of [["masakari-monitors", "check-config"], ["masakari-processmonitor"]] as const) {
    const [name, ...command] = program;
    const child = start(name, ...command, "--config-file", conf);
    await child.line(/pro\\x07cess/, 60_000);
    await child.stop();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    assert.doesNotMatch(child.output, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, name);
  }
});

test("SIGHUP with a configuration that is wrong is refused with file and line, and the program goes on", async (context) => {
  const { conf, write, start } = scene(context);
  const monitor = start("masakari-processmonitor", "--config-file", conf);
  await monitor.line(/watching 1 entry/, 60_000);
  write("soon");
  monitor.signal("SIGHUP");
  await monitor.line(/m\.conf:\d+: error: \[process\] check_interval/, 60_000);
  await monitor.line(/SIGHUP: the new configuration is refused/, 60_000);
  write("2");
  monitor.signal("SIGHUP");
  await monitor.line(/SIGHUP: configuration reread/, 60_000);
  assert.deepEqual(await monitor.stop(), { code: 0, signal: null });
  assert.ok(!monitor.output.includes("correct-horse"));
});

test("run has several monitors in one process, and names the ones there are", async (context) => {
  const { conf, start } = scene(context);
  const both = ["run", "processmonitor", "instancemonitor", "--config-file", conf];
  const monitors = start("masakari-monitors", ...both);
  await monitors.line(/masakarimonitors\.processmonitor .*watching 1 entry/, 60_000);
  await monitors.line(/masakarimonitors\.instancemonitor .*libvirt/, 60_000);
  assert.deepEqual(await monitors.stop(), { code: 0, signal: null });
  const unknown = start("masakari-monitors", "run", "cellmonitor", "--config-file", conf);
  assert.equal((await unknown.exited).code, 1);
  assert.match(unknown.output, /no monitor cellmonitor; one of processmonitor, instancemonitor/);
});

test("a second program with the same state names the process that has it, and ends; the outbox can be listed all the same", async (context) => {
  const { conf, start } = scene(context);
  const monitor = start("masakari-processmonitor", "--config-file", conf);
  await monitor.line(/watching 1 entry/, 60_000);
  const seconds = [
    start("masakari-processmonitor", "--config-file", conf),
    start("masakari-monitors", "run", "processmonitor", "--config-file", conf),
  ];
  for (const second of seconds) {
    assert.equal((await second.exited).code, 1);
    assert.match(
      second.output,
      new RegExp(`processmonitor runs here already: pid ${monitor.pid} \\(masakari-processmonitor`),
    );
  }
  const outbox = start("masakari-monitors", "outbox", "--config-file", conf);
  assert.equal((await outbox.exited).code, 0);
  await monitor.stop("SIGKILL");
  const next = start("masakari-processmonitor", "--config-file", conf);
  await next.line(/watching 1 entry/, 60_000);
});
