import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addConfigOptions, configOptions } from "../../../src/cli/config-options.ts";

function given(...args: string[]) {
  const command = addConfigOptions(new Command("masakari-test"));
  return configOptions(command.parse(args, { from: "user" }).opts());
}

test("files and directories may be repeated, and keep their order", () => {
  const { configFiles, configDirs } = given("--config-file", "a", "--config-file=b", "--config-dir", "c");
  assert.deepEqual({ configFiles, configDirs }, { configFiles: ["a", "b"], configDirs: ["c"] });
});

test("oslo.log's switches work both ways, and what is not given overrides nothing", () => {
  assert.deepEqual(given("-d", "--nouse-syslog").overrides, { debug: true, "use-syslog": false });
  assert.deepEqual(given("--nodebug", "--use-json").overrides, { debug: false, "use-json": true });
  assert.deepEqual(given().overrides, {});
});

test("values are taken under their names, and under oslo.log's older spellings", () => {
  assert.deepEqual(given("--log-file", "x.log", "--logdir", "/var/log").overrides, {
    "log-file": "x.log",
    "log-dir": "/var/log",
  });
  for (const spelling of ["--log-config-append", "--log-config", "--log_config"]) {
    assert.deepEqual(given(spelling, "/etc/logging.conf").overrides, { "log-config-append": "/etc/logging.conf" });
  }
});
