import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runningMonitor } from "../../../../src/cli/doctor/running-monitor.ts";
import { Child } from "../../../support/child.ts";
import { configRoot } from "../../../support/config-root.ts";
import { load } from "../../../support/load-config.ts";

const holder = fileURLToPath(new URL("../../../support/lock-holder.ts", import.meta.url));

test("a monitor that runs is found with its user and whether sudo can work in it; one that does not run is not", async (t) => {
  using at = configRoot({ "x.conf": "" });
  const loaded = load(at, { configFiles: [at.path("x.conf")], overrides: { state_path: at.path("state") } });
  assert.equal(await runningMonitor(loaded, "processmonitor"), undefined);
  const words = ["--no-new-privs", process.execPath, "--disable-warning=ExperimentalWarning", holder];
  const child = new Child("/usr/bin/setpriv", [...words, at.path("state"), "processmonitor"]);
  t.after(() => child.stop("SIGKILL"));
  await child.line(/locked/, 60_000);
  const running = await runningMonitor(loaded, "processmonitor");
  assert.deepEqual([running?.uid, running?.noNewPrivileges], [process.geteuid?.(), true]);
  assert.equal(await runningMonitor(loaded, "hostmonitor"), undefined);
});
