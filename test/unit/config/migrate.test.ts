import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describeDiagnostic, hasError } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { migrateConfig, renderProcessList } from "../../../src/config/migrate.ts";
import { bareEntry } from "../../../src/config/process-list/entries.ts";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { configRoot } from "../../support/config-root.ts";
import { assertAsyncProperty, assertProperty } from "../../support/seeds.ts";

const fixture = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/config/${name}`, import.meta.url)), "utf8");
const list = (text: string) => loadProcessList("p.yaml", { read: () => ({ text }) });

test("what is written from the example files reads back as what the old files meant", async () => {
  using at = configRoot({
    "etc/masakari/hostmonitor.conf": fixture("hostmonitor.conf"),
    "etc/masakari/processmonitor.conf": fixture("processmonitor.conf"),
    "etc/masakari/proc.list": fixture("proc.list"),
  });
  const migrated = migrateConfig({ directories: [at.path("etc/masakari")] });
  assert.equal(hasError(migrated.diagnostics), false);
  assert.equal(migrated.files.length, 3);

  // No program's own name, so that both old files are read.
  const options = { program: "masakari-monitors", env: {}, homeDir: at.homeDir, root: at.root };
  const before = loadConfig(options);
  using after = configRoot({ "new.conf": migrated.config ?? "" });
  const again = loadConfig({ ...options, configFiles: [after.path("new.conf")] });
  assert.deepEqual(again.config, before.config);
  assert.deepEqual(again.diagnostics, []);
  assert.equal(again.config.host.tcpdump_timeout, 10);
  assert.equal(again.config.host.disable_ipmi_check, true);
  assert.equal(again.config.DEFAULT.debug, true);

  const old = await loadProcessList(at.path("etc/masakari/process_list.yaml"));
  const { entries, diagnostics } = await list(migrated.processList ?? "");
  assert.deepEqual([entries, diagnostics], [old.entries, []]);
  assert.equal(entries[0]?.restart_command, "sudo service libvirt-bin start");
});

test("any password survives the way from the old file to the new one", () => {
  const password = fc
    .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 })
    .filter((text) => !text.includes("'"));
  const awkward = fc.constantFrom("$", "$$x", "\\$x", "a\\\\$", ' "', '"a"', " a ", "#a", ";", `\${x}`, "$host", "a\\");
  assertProperty(
    fc.property(
      fc.oneof(
        password,
        fc.array(awkward, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
      ),
      (text) => {
        using at = configRoot({ "processmonitor.conf": `ADMIN_PASS='${text}'\n` });
        const { config } = migrateConfig({ directories: [at.root] });
        using after = configRoot({ "new.conf": config ?? "" });
        const loaded = loadConfig({
          program: "x",
          env: {},
          homeDir: after.homeDir,
          configFiles: [after.path("new.conf")],
        });
        assert.equal(loaded.config.api.password, text);
        assert.deepEqual(loaded.diagnostics, []);
      },
    ),
    { numRuns: 100 },
  );
});

test("every entry of a process list reads back the same", async () => {
  const word = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 15 })
    .map((text) => text.trim())
    .filter((text) => text !== "" && !text.endsWith("/"));
  const entry = fc.record({
    process_name: fc.oneof(word, fc.constantFrom("yes", "null", "1.5", "- a", "a: b", "# c", "~", "&x", "n")),
    restart_command: fc.oneof(word, fc.constant("")),
    pre_start_command: fc.oneof(word, fc.constant("")),
    run_as_root: fc.boolean(),
    settle: fc.constantFrom(undefined, 0, 2.5),
    pidfile: fc.constantFrom(undefined, "/run/x y.pid"),
  });
  await assertAsyncProperty(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 5 }), async (raws) => {
      const entries = raws.map((raw) => ({ ...bareEntry, ...raw }));
      assert.deepEqual((await list(renderProcessList(entries))).entries, entries);
    }),
    { numRuns: 100 },
  );
});

test("two old files that disagree are a warning, and the process monitor's counts", () => {
  using at = configRoot({ "hostmonitor.conf": "REGION=a\n", "processmonitor.conf": "\nREGION=b\n" });
  const { config, diagnostics } = migrateConfig({ directories: [at.root] });
  assert.match(config ?? "", /^region = b$/m);
  assert.deepEqual(
    diagnostics
      .filter(({ severity }) => severity === "warning")
      .map((one) => describeDiagnostic(one).replaceAll(`${at.root}/`, "")),
    ["processmonitor.conf:2: warning: api.region differs from hostmonitor.conf:1; the value of this line is used"],
  );
});

test("a configuration that cannot log in, or has a bad value, does not pass for converted", () => {
  const login = "AUTH_URL=http://k\nADMIN_USER=u\nADMIN_PASS=p\nPROJECT=j\nDOMAIN=d\n";
  const errors = (files: Record<string, string>): string[] => {
    using at = configRoot(files);
    return migrateConfig({ directories: [at.root] })
      .diagnostics.filter(({ severity }) => severity === "error")
      .map(({ message }) => message);
  };
  assert.deepEqual(errors({ "processmonitor.conf": login }), []);
  assert.deepEqual(errors({ "processmonitor.conf": login.replace("ADMIN_PASS=p\n", "") }), [
    "the converted configuration cannot be used: [api] password is missing; auth_type = password needs it",
  ]);
  assert.match(errors({ "processmonitor.conf": "PROCESS_CHECK_INTERVAL=5\n" }).join(), /auth_url is missing/);
  assert.match(
    errors({ "hostmonitor.conf": `${login}MONITOR_INTERVAL=x\n` }).join(),
    /monitoring_interval must be a whole/,
  );
  const list = { "proc.list": "1,x,,r start,,,,\n" };
  assert.match(errors(list).join(), /so the result would have no login; write a masakarimonitors\.conf/);
  assert.deepEqual(errors({ ...list, "masakarimonitors.conf": "" }), []);
});

test("each file can be named; with none there is nothing to do, which is an error", () => {
  using at = configRoot({ "a.conf": "REGION=a\n", "b.list": "1,x,,r start,,,,\n" });
  const named = migrateConfig({ processmonitorConf: at.path("a.conf"), procList: at.path("b.list"), directories: [] });
  assert.match(named.config ?? "", /region = a/);
  assert.match(named.processList ?? "", /process_name: x/);
  const none = migrateConfig({ directories: [at.root] });
  assert.deepEqual([none.config, none.processList, hasError(none.diagnostics)], [undefined, undefined, true]);
});

test("a list that cannot be converted is an error and not written in part", () => {
  using at = configRoot({ "proc.list": "1,x,,r start,,,,\n2,y\n" });
  const { processList, diagnostics } = migrateConfig({ directories: [at.root] });
  assert.deepEqual([processList, hasError(diagnostics)], [undefined, true]);
});
