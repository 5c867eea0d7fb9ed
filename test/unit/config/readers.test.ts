import assert from "node:assert/strict";
import { test } from "node:test";
import { hasError } from "../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { forPrograms, programNames } from "../../../src/config/readers.ts";
import { configRoot } from "../../support/config-root.ts";

/** Which programs one bad line in its section stops. */
function stoppedBy(text: string): string[] {
  using at = configRoot({ "x.conf": text });
  const { diagnostics } = loadConfig({ program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] });
  assert.ok(hasError(diagnostics), text);
  return [...programNames, "masakari"].filter((name) => hasError(forPrograms(diagnostics, [name])));
}

test("a bad value stops the programs that read its section, and is a warning in the others", () => {
  assert.deepEqual(stoppedBy("[host]\nmonitoring_interval = 10   // seconds\n"), ["hostmonitor"]);
  assert.deepEqual(stoppedBy("[process]\ncheck_interval = 0\n"), ["processmonitor"]);
  assert.deepEqual(stoppedBy("[callback]\nretry_max = -1\n"), ["instancemonitor", "introspectiveinstancemonitor"]);
  assert.deepEqual(stoppedBy("[introspectiveinstancemonitor]\nqemu_guest_agent_sock_path = (\n"), [
    "introspectiveinstancemonitor",
  ]);
  assert.deepEqual(stoppedBy("[api]\ninsecure = maybe\n"), [...programNames, "masakari"]);
  assert.deepEqual(stoppedBy("[DEFAULT]\nhostname = a b\n"), programNames);
  // Nobody knows what is in a file that cannot be read, or what a broken line is about.
  assert.deepEqual(stoppedBy("[host\n"), [...programNames, "masakari"]);
});

test("a program that refers to a bad value of another's section is stopped by it too", () => {
  const text = "[host]\nmonitoring_interval = x\n[process]\ncheck_interval = $host.monitoring_interval\n";
  assert.deepEqual(stoppedBy(text), ["processmonitor", "hostmonitor"]);
});

test("several programs in one process read what any of them reads; the warning gives the reason", () => {
  using at = configRoot({ "x.conf": "[host]\nmonitoring_interval = 10   // seconds\n" });
  const place = { program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] };
  const { diagnostics } = loadConfig(place);
  assert.ok(hasError(forPrograms(diagnostics, ["processmonitor", "hostmonitor"])));
  assert.deepEqual(
    forPrograms(diagnostics, ["processmonitor", "instancemonitor"]).map(({ severity, message }) => [severity, message]),
    [
      [
        "warning",
        '[host] monitoring_interval must be a whole number, not "10   // seconds"; a comment needs a line of its own; this program does not read it, but others will refuse it',
      ],
    ],
  );
});
