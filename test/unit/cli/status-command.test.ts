import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { registerStatusCommand } from "../../../src/cli/status-command.ts";
import { reportOn } from "../../../src/status/report.ts";
import { healthRoute } from "../../../src/status/routes.ts";
import { serveHealth } from "../../../src/status/server.ts";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { FakeCloud } from "../../support/fake-cloud.ts";
import { factsWith, NOW } from "../../support/health-facts.ts";
import { json } from "../../support/http-server.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { Rig } from "../../support/process-monitor.ts";

const program = fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url));

/** Runs `masakari-monitors status` with these arguments in this process. */
async function status(statePath: string, ...argv: string[]): Promise<{ text: string; code: number | undefined }> {
  let text = "";
  let code: number | undefined;
  const command = new Command("masakari-monitors");
  registerStatusCommand(command, {
    statePath: () => statePath,
    out: { write: (written) => (text += written) },
    exit: (value) => {
      code = value;
    },
  });
  await command.parseAsync(["status", ...argv], { from: "user" });
  return { text, code };
}

/** The real process monitor and a cloud that it can notify. */
async function scene(context: TestContext) {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const rig = await Rig.create({ hostname: "compute1", api: cloud.section() });
  context.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  return { cloud, rig, statePath: join(rig.directory, "state") };
}

test("ok, degraded with what waits, ok again, stopped: in words, in JSON and as exit status", async (t) => {
  const { cloud, rig, statePath } = await scene(t);
  await rig.listed("web");
  const target = rig.startProcess("web");
  const monitor = await rig.start("web");
  const become = (wanted: number) =>
    eventually(`exit status ${wanted}`, 60_000, async () => {
      const found = await status(statePath);
      return found.code === wanted ? found : undefined;
    });

  const well = await become(0);
  const [heading = "", row = "", ...rest] = well.text.trimEnd().split("\n");
  assert.match(heading, /^MONITOR +PID +VERSION +UP SINCE +STATUS +LONGEST DELAY +OUTBOX$/);
  assert.match(
    row,
    new RegExp(`^processmonitor +${monitor.pid} +[\\d.]+ +\\d{4}-[\\dT:-]+Z +ok +\\d+\\.\\d{3} s +empty$`),
  );
  assert.deepEqual(rest, []);

  cloud.api = (_, response) => json(response, 503, {});
  target.signal("SIGKILL");
  const ill = await eventually("the API's trouble shows", 60_000, async () => {
    const found = await status(statePath);
    return found.text.includes("Masakari cannot be notified") ? found : undefined;
  });
  assert.equal(ill.code, 1);
  assert.doesNotMatch(ill.text, /Masakari (has been|was) notified/, "not while it waits");
  assert.match(ill.text, /processmonitor .* degraded +[\d.]+ s +1 waiting, the oldest for \d+s\n/);
  assert.match(
    ill.text,
    /\nprocessmonitor: degraded for (?:less than )?\d+s \(since \d{4}.*Z\): Masakari cannot be notified: .*503/,
  );
  const [report] = JSON.parse((await status(statePath, "--json")).text);
  assert.deepEqual(
    [report.state, report.verdict, report.outbox.pending, report.outbox.counters.added],
    ["running", "degraded", 1, 1],
  );

  assert.deepEqual(report.problems.map(({ about }: { about: string }) => about).sort(), ["delivery", "given up"]);

  cloud.api = (_, response) => json(response, 202, { notification: { notification_uuid: "n-1" } });
  const result = await eventually("only what is given up is wrong", 60_000, async () => {
    const found = await status(statePath);
    return found.text.includes("Masakari cannot be notified") ? undefined : found;
  });
  assert.equal(result.code, 1);
  assert.match(
    result.text,
    /\nprocessmonitor: degraded for .*web: it is down and given up: its notification was made .*; start it\n$/,
  );
  rig.startProcess("web");
  await become(0);

  await monitor.stop("SIGKILL");
  const gone = await status(statePath);
  assert.equal(gone.code, 2);
  assert.match(gone.text, /^processmonitor +- +- +- +not running +- +-$/m);
  assert.deepEqual(JSON.parse((await status(statePath, "--json")).text), [
    { state: "not_running", program: "processmonitor", pid: null, verdict: "failing", reason: null },
  ]);
});

test("a catalog with names of megabytes: a line in the log and in the status, both of a bearable length", async (t) => {
  const { cloud, rig, statePath } = await scene(t);
  const long = "x".repeat(4_000_000);
  cloud.catalog = [
    { type: long, endpoints: [] },
    { type: "instance-ha", endpoints: [{ interface: "public", region: `Else${long}`, url: "http://127.0.0.1:1/v1" }] },
  ];
  await rig.listed("web");
  rig.startProcess("web");
  const monitor = await rig.start("web");
  const line = await monitor.line(/WARNING.*Masakari cannot be reached.*it has: instance-ha public in Elsexxx/, 60_000);
  const { code, text } = await status(statePath);
  assert.equal(code, 1);
  assert.match(
    text,
    /processmonitor: degraded .*no endpoint of type instance-ha or ha.*in Elsex+…\. Check \[api\] region/,
  );
  assert.ok(line.length < 3000 && text.length < 5000, `${line.length} and ${text.length} characters`);
});

test("a monitor stopped by SIGSTOP is shown as not answering, not as not running", async (t) => {
  const { rig } = await scene(t);
  await rig.listed("web");
  rig.startProcess("web");
  const monitor = await rig.start("web");
  monitor.signal("SIGSTOP");
  const command = new Child(program, ["status", "--config-file", rig.configFile]);
  const { code } = await command.exited;
  // First, so that what comes of the checks does not matter to its end.
  monitor.signal("SIGCONT");
  assert.equal(code, 2);
  assert.match(command.output, new RegExp(`^processmonitor +${monitor.pid} +- +- +no response +- +-$`, "m"));
  assert.match(command.output, /^processmonitor: no response: nothing within 2 s/m);
});

test("one that runs and has no socket does not answer, rather than not run", async (t) => {
  const { rig, statePath } = await scene(t);
  mkdirSync(join(statePath, "processmonitor.sock"));
  await rig.listed("web");
  rig.startProcess("web");
  const monitor = await rig.start("web");
  await monitor.line(/WARNING.*Health is not served.*not a socket has this path/, 60_000);
  const { code, text } = await status(statePath);
  assert.equal(code, 2);
  assert.match(text, new RegExp(`^processmonitor +${monitor.pid} +- +- +no response`, "m"));
});

test("where nothing has run, or what is asked for has not, the exit status is 2", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "status-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const statePath of [directory, join(directory, "nowhere")]) {
    const found = await status(statePath);
    assert.deepEqual(found, { text: `no monitor has run with ${statePath} ([DEFAULT] state_path)\n`, code: 2 });
  }
  writeFileSync(join(directory, "processmonitor.sqlite"), "");
  const named = await status(directory, "masakari-instancemonitor");
  assert.equal(named.code, 2);
  assert.match(named.text, /^instancemonitor +.*not running/m);
  assert.ok(!named.text.includes("processmonitor"));
});

test("what a monitor responds cannot move the cursor of a terminal", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "status-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const stop = new AbortController();
  const facts = factsWith({ outbox: { login: { reason: "\u001b[2Jwrong\npassword", since: NOW } } });
  const now = { wall: 0, mono: NOW };
  const report = () => reportOn({ program: "p", version: "1", pid: 1, hostname: "h", started: now }, facts, now);
  const serving = serveHealth(
    { path: join(directory, "p.sock"), routes: healthRoute(report), log: new KeptLog() },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await serving;
  });
  const found = await eventually("a response", 60_000, async () => {
    const { text, code } = await status(directory);
    return code === 1 ? text : undefined;
  });
  assert.match(found, /cannot log in: {1,2}\[2Jwrong password\n$/);
});
