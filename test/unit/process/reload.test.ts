import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { processMonitor } from "../../../src/process/monitor.ts";
import type { ProcessObservation } from "../../../src/process/observation.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { plainSettings } from "../../support/process-entries.ts";

/** A monitor that senses, on two process lists; what it observes is kept. */
function sensing(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "reload-"));
  const listAt = (name: string): string => {
    const path = join(directory, `${name}.yaml`);
    writeFileSync(path, `- process_name: ${name}\n  restart_command: /bin/true\n`);
    return path;
  };
  const log = new KeptLog();
  const settings = { ...plainSettings, check_interval: 0.01 };
  const monitor = processMonitor({
    settings,
    processListPath: listAt("first"),
    loadProcessList,
    clock: systemClock,
    log,
  });
  const observed: ProcessObservation[] = [];
  const stop = new AbortController();
  const ended = monitor.sense((one) => void observed.push(one), stop.signal);
  context.after(async () => {
    stop.abort();
    await ended;
    rmSync(directory, { recursive: true });
  });
  const until = <K extends ProcessObservation["kind"]>(kind: K) =>
    eventually(
      kind,
      60_000,
      () => observed.findLast((one) => one.kind === kind) as Extract<ProcessObservation, { kind: K }> | undefined,
    );
  return { monitor, settings, listAt, log, until };
}

test("SIGHUP with another process_list_path: that list is read, and watched, in place of the old one", async (context) => {
  const { monitor, settings, listAt, log, until } = sensing(context);
  await until("started");
  const second = listAt("second");
  monitor.reload(settings, second);
  assert.deepEqual(
    (await until("entriesChanged")).entries.map(({ process_name }) => process_name),
    ["second"],
  );
  writeFileSync(second, "- bad\n");
  await eventually("the refusal of its edit", 60_000, () =>
    log.lines.find((line) => line.includes(`${second}:1: error`)),
  );
});
