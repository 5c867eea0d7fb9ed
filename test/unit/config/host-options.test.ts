import assert from "node:assert/strict";
import test from "node:test";
import { checkConfig } from "../../../src/config/check-config.ts";
import { describeDiagnostic } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { configRoot } from "../../support/config-root.ts";

async function loaded(text: string) {
  using at = configRoot({ "x.conf": text });
  const configFiles = [at.path("x.conf")];
  const result = loadConfig({ program: "masakari-hostmonitor", env: {}, homeDir: "/nowhere", configFiles });
  const found = await checkConfig(result, "hostmonitor");
  return {
    host: result.config.host,
    errors: found.filter(({ severity }) => severity === "error").map(describeDiagnostic),
  };
}

test("monitoring_driver takes the path of a module beside the names", async () => {
  const { host, errors } = await loaded("[host]\nmonitoring_driver = /opt/site/driver.mjs\n");
  assert.equal(host.monitoring_driver, "/opt/site/driver.mjs");
  assert.deepEqual(
    errors.filter((line) => line.includes("[host]")),
    [],
  );
  const other = await loaded("[host]\nmonitoring_driver = driver.mjs\n");
  assert.match(other.errors.join("\n"), /:2: error: \[host\] monitoring_driver must be one of default, simple/);
});

test("each item of host_names is two names, the second one that Masakari takes", async () => {
  const { host, errors } = await loaded("[host]\nhost_names = node1=compute1.example.org, node2=compute2\n");
  assert.deepEqual(host.host_names, ["node1=compute1.example.org", "node2=compute2"]);
  assert.deepEqual(
    errors.filter((line) => line.includes("host_names")),
    [],
  );
  for (const bad of ["node1", "=compute1", "node1=", "node1=a=b", "node1=compute 1"]) {
    const { errors } = await loaded(`[host]\nhost_names = ${bad}\n`);
    assert.match(errors.join("\n"), /:2: error: \[host\] host_names: /, bad);
  }
});
