import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { CheckedFinding } from "../../src/cli/doctor/finding.ts";
import { describeWithOpenStack, type Scene } from "./openstack/suite.ts";

const command = fileURLToPath(new URL("../../bin/masakari-monitors", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly text: string;
}

function doctor({ rig }: Scene, ...args: readonly string[]): Promise<Outcome> {
  const all = ["doctor", "--config-file", rig.configFile, "--monitor", "processmonitor", ...args];
  return new Promise((resolve) => {
    execFile(command, all, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), text: `${stdout}${stderr}` }),
    );
  });
}

/** The findings of the checks that other machines may fail for reasons of their own are left out. */
async function findings(scene: Scene): Promise<readonly CheckedFinding[]> {
  const { text } = await doctor(scene, "-f", "json");
  const parsed = JSON.parse(text) as { readonly findings: readonly CheckedFinding[] };
  return parsed.findings.filter(({ check }) => check !== "time");
}

const of = (all: readonly CheckedFinding[], check: string): string =>
  all
    .filter((finding) => finding.check === check)
    .map(
      (finding) =>
        `${finding.level}: ${finding.what}${finding.level === "ok" ? "" : ` | ${finding.why} | ${finding.fix}`}`,
    )
    .join("\n");

/** A host on which all is well. */
async function soundHost(t: TestContext, setScene: (context: TestContext, options: object) => Promise<Scene>) {
  const scene = await setScene(t, { recovery: true });
  scene.rig.startProcess("nova-compute");
  await scene.rig.listed("nova-compute");
  return scene;
}

function change({ rig }: Scene, from: string | RegExp, to: string): void {
  const text = readFileSync(rig.configFile, "utf8");
  assert.ok(text.search(from) >= 0, `${from} is in the configuration`);
  writeFileSync(rig.configFile, text.replace(from, to));
}

await describeWithOpenStack("masakari-monitors doctor", (setScene) => {
  test("a sound host; then on maintenance, in a disabled segment, by a wrong name: each with the command that fixes it", async (t) => {
    const scene = await soundHost(t, setScene);
    const { site, host } = scene;
    const sound = await findings(scene);
    assert.match(
      of(sound, "Masakari API"),
      /^ok: logged in: .*\nok: http.* answers, microversion 1\..*\nok: .*clock agrees/,
    );
    assert.match(of(sound, "registration"), new RegExp(`^ok: ${host.name} is in segment segment-`));
    assert.equal(of(sound, "process list"), "ok: running: 1 of 1 entry");

    await site.masakariApi.setMaintenance(host, true);
    assert.match(of(await findings(scene), "registration"), /^problem: .* on maintenance .*--on-maintenance false/);
    assert.equal((await doctor(scene)).code, 2);
    await site.masakariApi.setMaintenance(host, false);
    await site.masakariApi.setEnabled(host, false);
    assert.match(of(await findings(scene), "registration"), /^problem: .* is disabled .*--is_enabled True/);
    await site.masakariApi.setEnabled(host, true);
    change(scene, `hostname = ${host.name}`, `hostname = ${host.name}.example.org`);
    assert.match(of(await findings(scene), "registration"), /^problem: .* is in no segment, but .*set hostname = /);
    assert.deepEqual(await site.masakariApi.notifications(host), [], "nothing is written to Masakari");
  });

  test("several defects at once: a password that Keystone refuses, a missing tool, an entry that matches nothing, state in memory", async (t) => {
    const scene = await soundHost(t, setScene);
    const { rig } = scene;
    await rig.list([
      { process_name: rig.path("nova-compute") },
      { process_name: rig.path("gone"), restart_command: "/usr/sbin/no-such-tool restart" },
    ]);
    change(scene, /^password = .*$/m, "password = a-wr0ng-one");
    change(scene, /^state_path = .*$/m, `state_path = /dev/shm/${scene.host.name}`);
    const found = await findings(scene);
    assert.match(of(found, "Masakari API"), /^problem: .* \| no notification can be sent/);
    assert.match(of(found, "tools"), /^problem: there is no program \/usr\/sbin\/no-such-tool/);
    assert.match(of(found, "process list"), /^problem: .*gone: nothing that runs matches it/);
    assert.match(of(found, "state directory"), /^problem: \/dev\/shm\/.* is on tmpfs/);
    const { code, text } = await doctor(scene);
    assert.equal(code, 2);
    assert.match(text, /^\d problems?, /m);
    assert.doesNotMatch(`${JSON.stringify(found)}${text}`, /a-wr0ng-one/);
  });

  test("--end-to-end: the engine marks the notification as ignored; one for a host on maintenance is refused", async (t) => {
    const scene = await soundHost(t, setScene);
    const { site, host } = scene;
    const { text } = await doctor(scene, "--end-to-end");
    for (const step of ["login", "endpoint", "POST", "masakari-engine"]) {
      assert.match(text, new RegExp(`^ok +end to end +${step}: \\d+\\.\\d{3} s`, "m"));
    }
    assert.match(text, /masakari-engine: .* \(ignored\)/);
    const [stored, ...others] = await site.masakariApi.notifications(host);
    assert.deepEqual([stored?.type, stored?.payload.event, stored?.status, others], ["VM", "REBOOT", "ignored", []]);
    assert.equal(await site.masakariApi.onMaintenance(host), false, "nothing follows from it");
    await site.masakariApi.setMaintenance(host, true);
    const refused = await doctor(scene, "--end-to-end");
    assert.match(refused.text, /^problem +end to end +.*maintenance/m);
  });
});
