import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkPrograms } from "../../../src/cli/check-programs.ts";
import { type Loaded, loadConfig } from "../../../src/config/load.ts";
import { parseProcessYaml } from "../../../src/config/process-list/parse-yaml.ts";
import { defaultConfig } from "../../support/default-config.ts";

/** Files as deployment tools write them, each with its source, and what Debian's Python monitors read in them. */
const directory = fileURLToPath(new URL("../../fixtures/deployers/", import.meta.url));
const values: Readonly<Record<string, Readonly<Record<string, unknown>>>> = JSON.parse(
  readFileSync(`${directory}debian-14.0.0-values.json`, "utf8"),
);
const named = (ending: string) => readdirSync(directory).filter((name) => name.endsWith(ending));

const misspelt = ["disable_ipmi_checks", "guest_monitor_interval", "guest_monitor_timeout"];
/** All that is to be warned of. */
const WARNINGS: Readonly<Record<string, readonly string[]>> = {
  "charm-stein.conf": ["[DEFAULT] host is"],
  "install-guide.conf": ["[DEFAULT] host is"],
  "genestack.conf": misspelt,
  "openstack-helm.conf": misspelt,
};
/** Where this reader means to differ: the misspelt options count. */
const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "genestack.conf": {
    "host.disable_ipmi_check": true,
    "introspectiveinstancemonitor.guest_monitoring_interval": 20,
    "introspectiveinstancemonitor.guest_monitoring_timeout": 5,
    // Debian's 14.0.0 does not know the driver's options yet.
    "kubernetes.monitoring_node_labels": "openstack-compute-node=enabled",
  },
  "openstack-helm.conf": {
    "host.disable_ipmi_check": true,
    "introspectiveinstancemonitor.guest_monitoring_timeout": 5,
  },
  "salt-formula.conf": {
    // oslo.privsep registers it when a command is first run with it.
    "masakarimonitors_privileged.helper_command":
      "sudo /usr/local/virtualenvs/masakarimonitor/bin/privsep-helper.sh --config-file /etc/masakarimonitors/masakarimonitors.conf",
  },
};

function load(name: string): Loaded {
  const pod = name.replace(/\.conf$/, "-pod.conf");
  const files = named(".conf").includes(pod) ? [name, pod] : [name];
  return loadConfig({
    program: "masakari-processmonitor",
    env: {},
    homeDir: "/nonexistent",
    configFiles: files.map((file) => `${directory}${file}`),
  });
}

/** Every value that is not the default, as the Python monitors would have it. */
function changed(loaded: Loaded): Record<string, unknown> {
  const defaults: Record<string, Record<string, unknown>> = defaultConfig();
  const values: Record<string, unknown> = {};
  for (const [section, options] of Object.entries(loaded.config)) {
    for (const [name, value] of Object.entries(options)) {
      if (JSON.stringify(value) === JSON.stringify(defaults[section]?.[name])) continue;
      values[`${section}.${name}`] = name.startsWith("corosync_multicast_") ? String(value) : value;
    }
  }
  return values;
}

for (const name of named(".conf").filter((file) => !file.endsWith("-pod.conf"))) {
  test(`${name}: the values are those that the Python monitors read`, () => {
    const loaded = load(name);
    const known = (key: string): boolean => {
      const [section = "", option = ""] = key.split(".");
      return option in ((loaded.config as Record<string, object>)[section] ?? {});
    };
    const python = Object.entries(values[name] ?? {}).filter(([key, value]) => value !== "" && key !== "api.auth_type");
    for (const [key] of python) assert.ok(known(key), `${key} is not known`);
    assert.deepEqual(changed(loaded), { ...Object.fromEntries(python), ...DIFFERENCES[name] });
  });

  test(`${name}: every monitor starts with it, and nothing is warned of that is in order`, async () => {
    const loaded = load(name);
    // The process list has a test of its own, and the snap's certificates are not on this machine.
    const found = (
      await checkPrograms(loaded, ["instancemonitor", "introspectiveinstancemonitor", "hostmonitor"])
    ).filter(({ message }) => !message.includes("receive-ca-bundle.pem does not exist"));
    const shown = found.filter(({ severity }) => severity !== "info").map(({ message }) => message);
    const expected = WARNINGS[name] ?? [];
    assert.equal(shown.length, expected.length, shown.join("\n"));
    for (const [index, text] of expected.entries()) assert.ok(shown[index]?.includes(text), shown[index]);
    assert.ok(found.every(({ severity }) => severity !== "error"));
  });
}

for (const name of named(".yaml")) {
  test(`${name}: the entries are those that the Python monitors read`, () => {
    const { entries, diagnostics } = parseProcessYaml(name, readFileSync(`${directory}${name}`, "utf8"));
    assert.deepEqual(diagnostics, []);
    const python = Object.values(values[name] ?? {}) as Record<string, unknown>[];
    assert.equal(entries.length, python.length);
    python.forEach((entry, index) => {
      for (const [key, value] of Object.entries(entry)) {
        assert.equal((entries[index] as unknown as Record<string, unknown>)[key], value ?? "", key);
      }
    });
  });
}
