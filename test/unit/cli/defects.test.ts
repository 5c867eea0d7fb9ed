import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { logWarnings } from "../../../src/cli/defects.ts";
import { KeptLog } from "../../support/kept-log.ts";

test("a warning of Node is logged, but not that one of its features is experimental", async (t) => {
  const log = new KeptLog();
  const before = process.listeners("warning");
  t.after(() => {
    process.removeAllListeners("warning");
    for (const listener of before) process.on("warning", listener);
  });
  logWarnings(log);
  process.emitWarning("loading modules from a script might change at any time", "ExperimentalWarning");
  process.emitWarning("11 listeners added", "MaxListenersExceededWarning");
  await setImmediate();
  assert.deepEqual(log.lines, ["warning MaxListenersExceededWarning of Node: 11 listeners added"]);
});
