import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { registerArmedCommand } from "../../../src/cli/armed-command.ts";
import { registerStatusCommand } from "../../../src/cli/status-command.ts";
import { eventually } from "../../support/eventually.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { json } from "../../support/http-server.ts";
import { Rig } from "../../support/process-monitor.ts";

const launcher = fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url));

/** Runs `masakari-monitors` with these arguments in this process. */
async function run(statePath: string, ...argv: string[]) {
  let text = "";
  let code: number | undefined;
  const command = new Command("masakari-monitors");
  const parts = {
    statePath: () => statePath,
    out: { write: (written: string) => (text += written) },
    exit: (value: number) => {
      code = value;
    },
  };
  registerArmedCommand(command, parts);
  registerStatusCommand(command, parts);
  await command.parseAsync(argv, { from: "user" });
  return { text, code };
}

async function scene(context: TestContext) {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  context.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  await rig.listed("web");
  rig.startProcess("web");
  return { cloud, rig, statePath: join(rig.directory, "state") };
}

const become = (statePath: string, wanted: number) =>
  eventually(`exit status ${wanted}`, 60_000, async () => {
    const found = await run(statePath, "armed");
    return found.code === wanted ? found : undefined;
  });

/** The monitor may be short of CPU for longer than a probe waits. */
const passes = (statePath: string, which: "live" | "ready") =>
  eventually(`${which}`, 60_000, async () => {
    const { text, code } = await run(statePath, "status", "--probe", which);
    return (code === 0 && text === "") || undefined;
  });

test("armed, held while Masakari cannot be reached, blind when it is stopped: a line each, and the exit status", async (t) => {
  const { cloud, rig, statePath } = await scene(t);
  const monitor = await rig.start("web");
  const { text } = await become(statePath, 0);
  assert.match(text, /^MONITOR +STATE +SINCE +WHY\nprocessmonitor +armed +20[\d-]+T[\d:]+Z \(\d+s\) +-\n$/);
  await passes(statePath, "live");
  await passes(statePath, "ready");

  await monitor.stop();
  cloud.servesVersion = false;
  cloud.api = (_, response) => json(response, 503, {});
  cloud.segmentHosts = undefined;
  const restarted = await rig.start("web");
  const held = await become(statePath, 1);
  assert.match(held.text, /processmonitor +held .*notifications wait until Masakari answers/);
  // What is noticed is kept.
  await passes(statePath, "ready");

  await restarted.stop();
  const stopped = await run(statePath, "armed");
  assert.deepEqual([stopped.code, /processmonitor +blind +- +not running/.test(stopped.text)], [2, true]);
  assert.match((await run(statePath, "status", "--probe", "live")).text, /^processmonitor: not running\n$/);
  const [row] = JSON.parse((await run(statePath, "armed", "--json")).text);
  assert.deepEqual(row, {
    monitor: "processmonitor",
    state: "blind",
    since: null,
    seconds: null,
    reason: "not running",
  });
});

test("a host that is in no segment disarms the monitors that notify about it", async (t) => {
  const { cloud, rig, statePath } = await scene(t);
  cloud.segmentHosts = ["compute2"];
  await rig.start("web");
  await eventually("disarmed", 60_000, async () => {
    const found = await run(statePath, "armed");
    return /processmonitor +disarmed .*compute1 is in no segment/.test(found.text) || undefined;
  });
});

test("a probe gives up after 200 ms, and no monitor at all is a failure", async (t) => {
  const statePath = mkdtempSync(join(tmpdir(), "probe-"));
  t.after(() => rmSync(statePath, { recursive: true, force: true }));
  assert.equal((await run(statePath, "status", "--probe", "live")).code, 1);
  // It accepts, and never answers: as a monitor that is stopped.
  const silent = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(join(statePath, "processmonitor.sock"), resolve));
  t.after(() => new Promise((resolve) => silent.close(resolve)));
  const { text, code } = await run(statePath, "status", "--probe", "live");
  assert.deepEqual([code, text], [1, "processmonitor: no response: nothing within 0.2 s\n"]);

  const argv = ["status", "--probe", "ready", "--config-file", "/dev/null"];
  const env = { ...process.env, OS_DEFAULT__STATE_PATH: statePath };
  const status = await new Promise((resolve) => execFile(launcher, argv, { env }, (error) => resolve(error?.code)));
  assert.equal(status, 1, "the program ends although the socket stays silent");
});
