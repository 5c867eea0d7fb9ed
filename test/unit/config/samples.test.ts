import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { sampleDirectory } from "../../../scripts/samples.ts";
import { hasError } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { migrateConfig } from "../../../src/config/migrate.ts";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { samples } from "../../../src/config/samples.ts";
import { configRoot } from "../../support/config-root.ts";

test("the files in etc/masakarimonitors are those that genconfig writes; node scripts/samples.ts regenerates them", () => {
  const names = Object.keys(samples).map((name) => `${name}.sample`);
  assert.deepEqual(new Set(readdirSync(sampleDirectory)), new Set(names));
  for (const [name, render] of Object.entries(samples)) {
    assert.equal(readFileSync(`${sampleDirectory}${name}.sample`, "utf8"), render(), name);
  }
});

test("copied as they are, the samples are read: the new ones together, and the shell generation's by themselves", async () => {
  const text = (name: string): string => samples[name]?.() ?? assert.fail(name);
  using now = configRoot({
    "etc/masakarimonitors/masakarimonitors.conf": text("masakarimonitors.conf"),
    "etc/masakarimonitors/process_list.yaml": text("process_list.yaml"),
  });
  const loaded = loadConfig({ program: "p", env: {}, homeDir: now.homeDir, root: now.root });
  assert.deepEqual(loaded.diagnostics, []);
  const list = await loadProcessList(now.path("etc/masakarimonitors/process_list.yaml"));
  assert.deepEqual(list.diagnostics, []);
  assert.equal(list.entries.length, 4);

  using then = configRoot(
    Object.fromEntries(["hostmonitor.conf", "processmonitor.conf", "proc.list"].map((name) => [name, text(name)])),
  );
  const { diagnostics, config, processList } = migrateConfig({ directories: [then.root] });
  assert.equal(hasError(diagnostics), false, diagnostics.map(({ message }) => message).join("\n"));
  assert.match(config ?? "", /^auth_url = http:\/\/controller:5000\/v3$/m);
  assert.match(processList ?? "", /process_name: nova-compute/);
});
