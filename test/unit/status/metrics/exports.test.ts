import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { exportMetrics } from "../../../../src/cli/metrics.ts";
import { Conditions } from "../../../../src/status/conditions.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { defaultConfig } from "../../../support/default-config.ts";
import { eventually } from "../../../support/eventually.ts";
import { KeptLog } from "../../../support/kept-log.ts";
import { metricSource } from "../../../support/metric-source.ts";
import { freePort } from "../../../support/ports.ts";

function exporting(t: TestContext, options: { port?: number; textfile_directory?: string }, programs = ["x"]) {
  const log = new KeptLog();
  const stop = new AbortController();
  const running = exportMetrics(
    {
      command: "masakari-processmonitor",
      programs,
      options: { ...defaultConfig().metrics, ...options },
      sources: () => [metricSource()],
      conditions: new Conditions(systemClock),
      onHangUp: () => undefined,
      clock: systemClock,
      log,
    },
    stop.signal,
  );
  const end = async () => {
    stop.abort();
    await running;
  };
  t.after(end);
  return { log, end, running };
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "metrics-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("GET /metrics on the port, and nothing else; a port that is taken is a line in the log", async (t) => {
  const port = await freePort();
  const { log, end } = exporting(t, { port });
  await eventually(
    "it is served",
    60_000,
    async () => log.lines.some((line) => /are served on/.test(line)) || undefined,
  );
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.match(await response.text(), /masakari_monitor_build_info\{monitor="processmonitor",version="1\.2\.3"\} 1/);
  assert.equal((await fetch(`http://127.0.0.1:${port}/outbox`)).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST" })).status, 405);

  const second = exporting(t, { port });
  await second.running;
  assert.match(second.log.lines.join("\n"), /warning Metrics cannot be served on .*EADDRINUSE/);
  await end();
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(port, "127.0.0.1", resolve));
  await new Promise((resolve) => free.close(resolve));
});

test("the programs of one configuration file take ports one after the other", async (t) => {
  const port = await freePort(4);
  const { log } = exporting(t, { port }, ["hostmonitor"]);
  const line = await eventually("a line", 60_000, async () => log.lines[0]);
  assert.match(line, new RegExp(`:${port + 3}/metrics`));
});

test("the file for node_exporter is there whole, no other .prom beside it, and is gone when the program has stopped", async (t) => {
  const path = directory(t);
  const { end } = exporting(t, { textfile_directory: path });
  const file = join(path, "masakari-processmonitor.prom");
  const text = await eventually("the file", 60_000, async () =>
    readdirSync(path).includes("masakari-processmonitor.prom") ? readFileSync(file, "utf8") : undefined,
  );
  assert.match(text, /^# HELP masakari_monitor_build_info/);
  assert.ok(text.endsWith("\n"));
  await end();
  assert.deepEqual(readdirSync(path), []);
});

test("a directory that cannot be written to is a line in the log", async (t) => {
  const { log } = exporting(t, { textfile_directory: join(directory(t), "missing") });
  const line = await eventually("a line", 60_000, async () => log.lines[0]);
  assert.match(line, /warning Metrics cannot be written to .*textfile_directory.*ENOENT/);
});

test("what lies under the name of the file's copy is replaced, not written through: a symbolic link, or a pipe", async (t) => {
  const path = directory(t);
  const victim = join(path, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, join(path, ".masakari-processmonitor.prom.new"));
  const first = exporting(t, { textfile_directory: path });
  const file = join(path, "masakari-processmonitor.prom");
  await eventually("the metrics", 60_000, () => Promise.resolve(existsSync(file) || undefined));
  assert.equal(readFileSync(victim, "utf8"), "untouched");
  assert.ok(lstatSync(file).isFile());
  await first.end();
  execFileSync("mkfifo", [join(path, ".masakari-processmonitor.prom.new")]);
  exporting(t, { textfile_directory: path });
  await eventually("the metrics again", 60_000, () => Promise.resolve(existsSync(file) || undefined));
});
