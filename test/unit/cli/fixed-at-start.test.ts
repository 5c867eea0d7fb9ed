import assert from "node:assert/strict";
import { test } from "node:test";
import { withFixed } from "../../../src/cli/fixed-at-start.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { KeptLog } from "../../support/kept-log.ts";

test("SIGHUP: the host keeps its name and the state its place until the next start, which is logged; the rest is taken over", () => {
  const first = defaultConfig();
  const running = { ...first, DEFAULT: { ...first.DEFAULT, hostname: "compute1", state_path: "/var/lib/old" } };
  const read = {
    ...running,
    DEFAULT: { ...running.DEFAULT, hostname: "another", state_path: "/var/lib/new", debug: true },
    process: { ...running.process, check_interval: 7 },
  };
  const log = new KeptLog();
  const next = withFixed(read, running, log);
  assert.deepEqual(next, { ...read, DEFAULT: { ...running.DEFAULT, debug: true } });
  assert.deepEqual(log.lines, [
    "warning SIGHUP: a new value of [DEFAULT] hostname takes effect at the next start",
    "warning SIGHUP: a new value of [DEFAULT] state_path takes effect at the next start",
  ]);
});
