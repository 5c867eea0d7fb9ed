import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Option } from "../../../../src/config/option.ts";
import { sections } from "../../../../src/config/sections.ts";
import { readRecording } from "../../../../src/monitor/recording/read.ts";
import { recordingDirectory, segmentsIn } from "../../../../src/monitor/recording/segment-files.ts";
import { Child } from "../../../support/child.ts";
import { stateDirectory } from "../../../support/outbox-rig.ts";

const masakariMonitors = fileURLToPath(new URL("../../../../bin/masakari-monitors", import.meta.url));

const fencingDevice = new URL("../../../../src/host/fencing-device.ts", import.meta.url).href;

/** A driver whose host is lost at the third look, and whose fencing devices have passwords. Not in /tmp, which other users may write to. */
function driverFile(t: TestContext): string {
  const folder = mkdtempSync(join(homedir(), ".host-driver-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "driver.mjs");
  writeFileSync(
    path,
    `import { Secret } from ${JSON.stringify(fencingDevice)};
    const device = { address: "127.0.0.1", port: 9, user: "operator" };
    const redfish = { ...device, id: "st-redfish", protocol: "redfish", ssl: false, insecure: false, uri: "/redfish/v1" };
    const ipmi = { ...device, id: "st-ipmi", protocol: "ipmi", interface: "lanplus" };
    const password = (value) => ({ from: "value", value: new Secret(value) });
    export const createDriver = ({ clock, hostname }) => ({
      name: "test",
      lookNow() {},
      async sense(observe, signal) {
        for (let looks = 1; !signal.aborted; looks += 1) {
          const hosts = ["node-2", "node-3"].map((name) => (
            { name, kind: "member", state: name === "node-2" && looks > 2 ? "offline" : "online" }));
          const self = { name: hostname, stable: "yes" };
          observe({ kind: "cluster", at: clock.now(), self, quorum: "yes", heartbeat: "heard", interrupted: looks === 1,
            complete: true, hosts, maintenance: { cluster: "no" }, fencing: [], problems: [] });
          await clock.sleep(1100, signal).catch(() => undefined);
        }
      },
      findFencingDevices: async () => ({ devices: [
        { ...redfish, password: password("planted-redfish") }, { ...ipmi, password: password("planted-ipmi") }] }),
    });
    `,
  );
  return path;
}

test("secrets in every option that may have one, in the process list and of fencing devices are in no recording", async (t) => {
  const statePath = stateDirectory(t);
  const directory = join(statePath, "..");
  mkdirSync(statePath, { mode: 0o700 });
  const list = join(directory, "process_list.yaml");
  const configFile = join(directory, "monitors.conf");
  const name = "no-such-program-of-this-test";
  const secret = (path: string): string => `planted-${path}`;
  const commands = ["start", "pre_start", "post_start", "restart", "pre_restart", "post_restart"].map(
    (command) => `  ${command}_command: /bin/false --password ${secret(command)} TOKEN=${secret(command)}`,
  );
  writeFileSync(list, [`- process_name: ${name}`, "  run_as_root: false", ...commands, ""].join("\n"), { mode: 0o600 });
  const planted = Object.entries(sections).map(([section, { options }]) => {
    const all: Readonly<Record<string, Option>> = options;
    const secrets = Object.keys(all).filter((option) => all[option]?.secret);
    return [`[${section}]`, ...secrets.map((option) => `${option} = ${secret(option)}`)].join("\n");
  });
  const set: Readonly<Record<string, string>> = {
    DEFAULT: `state_path = ${statePath}\nhostname = host-1`,
    api: "auth_url = http://127.0.0.1:9/v3\nusername = masakari\nproject_name = service\nuser_domain_name = Default\nproject_domain_name = Default",
    process: `process_list_path = ${list}\nrestart_retries = 0\nrestart_interval = 0\nsettle = 0\nboot_grace = 0`,
    host: `monitoring_driver = ${driverFile(t)}`,
  };
  const given = Object.entries(set).map(([section, lines]) => `[${section}]\n${lines}`);
  writeFileSync(configFile, `${[...planted, ...given].join("\n")}\n`, { mode: 0o600 });
  assert.ok(planted.join().split("planted-").length > 3, "no option is secret");
  const programs = ["processmonitor", "instancemonitor", "introspectiveinstancemonitor", "hostmonitor"];
  const monitors = new Child(masakariMonitors, ["run", ...programs, "--config-file", configFile]);
  t.after(() => monitors.signal("SIGKILL"));
  await monitors.line(/notifying Masakari/, 60_000);
  await monitors.line(/node-2: its power state is unknown/, 60_000);
  await monitors.line(/Masakari cannot be notified|Cannot log in/, 60_000);
  monitors.signal("SIGTERM");
  await monitors.exited;

  const recordings = readdirSync(statePath).filter((file) => file.endsWith(".recording"));
  assert.deepEqual(new Set(recordings), new Set(programs.map((program) => `${program}.recording`)));
  for (const program of programs) {
    const lines = [...readRecording(segmentsIn(recordingDirectory(statePath, program)))].map(({ text }) => text);
    assert.ok(lines.some((line) => line.includes('"kind":"started"')));
    if (program === "hostmonitor") assert.ok(lines.some((line) => line.includes('"kind":"powerChecked"')));
    assert.deepEqual(
      lines.filter((line) => line.includes("planted")),
      [],
    );
  }
});
