import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { checkPrograms } from "../../../src/cli/check-programs.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { forPrograms } from "../../../src/config/readers.ts";
import { DriverError, openDriver } from "../../../src/host/drivers.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { configRoot } from "../../support/config-root.ts";
import { collectingLogger } from "../../support/control-plane.ts";

const login = "[api]\nauth_type = none\nendpoint = http://m/v1\n[host]\n";

/** What check-config shows for the host monitor with these lines of `[host]`; ROOT in them is `root`. */
async function check(lines: string, root = "/nonexistent"): Promise<string[]> {
  using config = configRoot({ "x.conf": login + lines.replaceAll("ROOT", root) });
  const file = config.path("x.conf");
  const loaded = loadConfig({ program: "p", env: {}, homeDir: config.homeDir, configFiles: [file] });
  const found = forPrograms(await checkPrograms(loaded, ["hostmonitor"]), ["hostmonitor"]);
  return found.map((one) => describeDiagnostic(one).replace(`${config.root}/`, "").replaceAll(root, "ROOT"));
}

const modules = {
  "good.mjs": "export function createDriver() { return { name: 'x', sense: async () => {}, lookNow() {} }; }",
  "other.mjs": "export const driver = 1;",
  "broken.mjs": "export function createDriver( {",
  "open.mjs": "export function createDriver() { return {}; }",
};

const paths = [
  ["good.mjs", undefined],
  ["missing.mjs", /there is no file ROOT\/missing\.mjs/],
  ["other.mjs", /exports no function createDriver/],
  ["broken.mjs", /cannot be loaded: /],
  ["open.mjs", /other users could change it: ROOT\/open\.mjs is writable for others/],
] as const;

for (const [name, problem] of paths) {
  test(`a driver's path: check-config and the program agree on ${name}`, async () => {
    using at = configRoot(modules);
    chmodSync(at.path("open.mjs"), 0o666);
    const lines = await check(`monitoring_driver = ROOT/${name}\n`, at.root);
    const parts = { clock: systemClock, log: collectingLogger(), hostname: "h", config: () => assert.fail() };
    const opened = openDriver(at.path(name), parts);
    if (problem === undefined) {
      assert.deepEqual(lines, []);
      assert.equal((await opened).name, "x");
      return;
    }
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", /^x\.conf:5: error: \[host\] monitoring_driver: /);
    assert.match(lines[0] ?? "", problem);
    await assert.rejects(opened, DriverError);
  });
}

test("a driver that is neither known nor an absolute path is refused", async () => {
  assert.match((await check("monitoring_driver = ./driver.mjs\n")).join(), /error: \[host\] monitoring_driver/);
});

const options = [
  ["host_names = a=x, b=x", /error: \[host\] host_names: two hosts are mapped to the name x/],
  ["host_names = a=x, a=y", /error: \[host\] host_names: the driver's name a is given twice/],
  ["host_names = a", /error: \[host\] host_names: "a" is not of the form/],
  ["second_witness = nova", /error: \[host\] second_witness: Nova is looked up in Keystone's catalog/],
  [
    "monitoring_driver = consul\nrestrict_to_remotes = true\n[consul]\nagent_storage = 127.0.0.1",
    /warning: \[host\] restrict_to_remotes: has no effect/,
  ],
  ["monitoring_driver = kubernetes\nrestrict_to_remotes = true", /warning: \[host\] restrict_to_remotes: has no/],
] as const;

for (const [lines, problem] of options) {
  test(`${lines.replaceAll("\n", ", ")} is named at its line`, async () => {
    const found = await check(`${lines}\n`);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] ?? "", problem);
    assert.match(found[0] ?? "", /^x\.conf:\d:/);
  });
}

test("names that differ, and remotes of Pacemaker, are nothing to complain of", async () => {
  assert.deepEqual(await check("host_names = a=x, b=y\nrestrict_to_remotes = true\n"), []);
});
