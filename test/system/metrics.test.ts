import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { requestMonitor } from "../../src/status/client.ts";
import { METRICS_CONTENT_TYPE } from "../../src/status/metrics/content-type.ts";
import { healthSocket } from "../../src/status/socket-path.ts";
import { Certificates } from "../support/certificates.ts";
import { labelledQueries, queries } from "../support/dashboard.ts";
import { eventually } from "../support/eventually.ts";
import { FakeCloud } from "../support/fake-cloud.ts";
import { json, TestServer } from "../support/http-server.ts";
import { freePort } from "../support/ports.ts";
import { Rig } from "../support/process-monitor.ts";
import { Prometheus } from "../support/prometheus.ts";
import { alertRules as rules } from "../support/quick-alerts.ts";
import { wholeExposition } from "../support/whole-exposition.ts";
import { notInstalled } from "./installed.ts";

const missing = await notInstalled(["prometheus"]);
const skip = missing.length > 0 && `not installed: ${missing.join(", ")}; see test/system/install-packages.sh`;

/** promtool with these arguments. @returns what it wrote; empty if it found nothing */
function promtool(args: readonly string[], input = ""): Promise<{ readonly code: unknown; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile("promtool", args, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` }),
    );
    child.stdin?.end(input);
  });
}

/** The process monitor with its metrics on a port, and the Prometheus that scrapes it. */
async function scene(t: TestContext, metrics = "") {
  const cloud = await FakeCloud.start();
  cloud.segmentHosts = ["compute1"];
  const first = await freePort(4);
  const api = `${cloud.section()}\n[metrics]\nport = ${first}\nprot = 1\n${metrics}`;
  const rig = await Rig.create({ hostname: "compute1", api });
  t.after(async () => {
    await rig.close();
    await cloud[Symbol.asyncDispose]();
  });
  // The process monitor takes the third port.
  return { cloud, rig, port: first + 2 };
}

describe("metrics, with Debian's Prometheus", { skip }, () => {
  test("promtool finds nothing wrong with the metrics of a monitor, nor with the alert rules and their tests", async (t) => {
    const { rig } = await scene(t);
    await rig.listed("web");
    rig.startProcess("web");
    await rig.start("web");
    const socket = healthSocket(join(rig.directory, "state"), "processmonitor");
    const { text } = await requestMonitor(socket, { path: "/metrics" }, 60_000);
    assert.match(text, /masakari_monitor_process_up\{monitor="processmonitor",process="[^"]*web"\} 1/);
    assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, output: "" });
    assert.match((await promtool(["check", "rules", rules])).output, /SUCCESS: \d+ rules found/);
    const tests = await promtool(["test", "rules", rules.replace(".rules.yml", ".test.yml")]);
    assert.deepEqual([tests.code, /SUCCESS/.test(tests.output)], [0, true], tests.output);
  });

  test("promtool parses every query of the Grafana dashboard", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "dashboard-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "queries.yml");
    const asRules = (all: readonly string[]): string =>
      JSON.stringify({
        groups: [{ name: "dashboard", rules: all.map((expr, at) => ({ record: `query:${at}`, expr })) }],
      });
    writeFileSync(file, asRules(queries));
    const { code, output } = await promtool(["check", "rules", file]);
    assert.deepEqual([code, output.includes(`SUCCESS: ${queries.length} rules found`)], [0, true], output);
    writeFileSync(file, asRules([...queries, "rate(x)"]));
    assert.notEqual((await promtool(["check", "rules", file])).code, 0, "a query that is none is noticed");
  });

  test("each query of the dashboard has a result, with the labels of its legend, where the monitors have something to show", async (t) => {
    let scrapes = 0;
    const server = await TestServer.start((_request, response) => {
      scrapes += 1;
      response.setHeader("Content-Type", METRICS_CONTENT_TYPE);
      response.end(wholeExposition(Date.now()));
    });
    t.after(() => server[Symbol.asyncDispose]());
    const prometheus = await Prometheus.start(t, rules);
    prometheus.scrape([Number(new URL(server.origin).port)]);
    // A rate needs two samples.
    await eventually("three scrapes", 60_000, () => Promise.resolve(scrapes >= 3 || undefined));
    await prometheus.becomes("count(rate(masakari_monitor_observations_total[1m]))", "4");
    for (const { query, labels } of labelledQueries) {
      const found = await prometheus.query(query);
      assert.ok(found.length > 0, `no result: ${query}`);
      for (const label of labels)
        assert.ok(
          found.some(({ metric }) => metric[label] !== undefined),
          `${label}: ${query}`,
        );
    }
  });

  test("a SIGHUP has the port take the certificate and the password that the files have then", async (t) => {
    using files = new Certificates();
    const [first, second] = [files.issue("first", "IP:127.0.0.1"), files.issue("second", "IP:127.0.0.1")];
    const [cert, key] = [files.write("live.pem", ""), files.write("live.key", "")];
    const take = (issued: typeof first, word: string): string => {
      copyFileSync(issued.cert, cert);
      copyFileSync(issued.key, key);
      return files.write("password", `${word}\n`);
    };
    const password = take(first, "one");
    const tls = `tls_cert_file = ${cert}\ntls_key_file = ${key}\n`;
    const { rig, port } = await scene(t, `${tls}username = ops\npassword_file = ${password}\n`);
    await rig.listed("web");
    rig.startProcess("web");
    const monitor = await rig.start("web");
    const ca = readFileSync(files.ca);
    const get = (word: string) =>
      new Promise<string>((resolve, reject) => {
        request({ host: "127.0.0.1", port, path: "/metrics", ca, agent: false, auth: `ops:${word}` }, (response) => {
          response.resume();
          const { subject } = (response.socket as TLSSocket).getPeerCertificate();
          resolve(`${response.statusCode} ${subject.CN}`);
        })
          .on("error", reject)
          .end();
      });
    assert.deepEqual([await get("one"), await get("two")], ["200 first", "401 first"]);
    take(second, "two");
    monitor.signal("SIGHUP");
    await monitor.line(/the renewed certificate is used/, 60_000);
    await monitor.line(/SIGHUP: configuration reread/, 60_000);
    assert.deepEqual([await get("one"), await get("two")], ["401 second", "200 second"]);
  });

  test("it scrapes the monitor; a rejected notification and a stopped monitor make their alerts", async (t) => {
    const { cloud, rig, port } = await scene(t);
    const prometheus = await Prometheus.start(t, rules);
    const becomes = async (expression: string, value: string) => await prometheus.becomes(expression, value);
    cloud.api = (_, response) => {
      const message = "Host with name compute1 could not be found.";
      response.setHeader("openstack-api-version", "instance-ha 1.0");
      json(response, 400, { badRequest: { code: 400, message } });
    };
    await rig.listed("web");
    const target = rig.startProcess("web");
    const monitor = await rig.start("web");
    prometheus.scrape([port]);
    await becomes('masakari_monitor_armed{monitor="processmonitor"}', "1");
    await becomes('masakari_monitor_outbox_notifications_total{outcome="rejected"}', "0");
    target.signal("SIGKILL");
    await becomes('masakari_monitor_outbox_notifications_total{outcome="rejected"}', "1");
    await becomes('count(ALERTS{alertname="MasakariNotificationLost", alertstate="firing"})', "1");
    await becomes('masakari_monitor_process_restarts_total{result="failed"}', "1");
    await becomes("masakari_monitor_config_unknown_options", "1");
    await becomes('masakari_monitor_detection_to_acceptance_seconds_count{type="PROCESS"}', "0");
    const [up] = await prometheus.query('masakari_monitor_process_up{monitor="processmonitor"}');
    assert.equal(up?.value, "0");
    for (const query of queries) assert.equal(await prometheus.statusOf(query), "success", query);
    await monitor.stop();
    await becomes('count(ALERTS{alertname="MasakariMonitorAbsent", alertstate="pending"})', "1");
  });
});
