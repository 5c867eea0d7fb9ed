import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { diskOperations } from "../../../src/cli/disk.ts";
import { flightRecorder } from "../../../src/cli/flight-recorder.ts";
import { directDiskCalls } from "../../../src/system/disk/calls.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { eventually } from "../../support/eventually.ts";
import { RecordedProgram } from "../../support/recorded-program.ts";

/** The process monitor's recorder is made, over what an earlier run has recorded. */
async function scene(t: TestContext) {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  await program.recorder.close();
  const { clock, conditions, log, statePath } = program;
  const parts = { statePath, disk: directDiskCalls(diskOperations), bootId: "boot-2", clock, conditions, log };
  const restart = (megabytes: number) => {
    const config = defaultConfig();
    return flightRecorder(
      "processmonitor",
      { ...config, DEFAULT: { ...config.DEFAULT, recording_size: megabytes } },
      parts,
    );
  };
  return { program, restart };
}

test("recording_size = 0 removes what was recorded before, and a file that is no recording's stays", async (t) => {
  const { program, restart } = await scene(t);
  const { directory, log } = program;
  assert.ok(restart(1) !== undefined && existsSync(directory));
  writeFileSync(join(directory, "notes.txt"), "");
  assert.equal(restart(0), undefined);
  const line = await eventually("the line", 60_000, () => Promise.resolve(log.lines[0]));
  assert.match(
    line,
    /^info \[DEFAULT\] recording_size = 0: removed what was recorded before, \d+ bytes in .*recording$/,
  );
  assert.deepEqual(readdirSync(directory), ["notes.txt"]);
});

test("recording_size = 0 on a host that has recorded nothing, or whose recording is a link, removes nothing and is silent", async (t) => {
  const { program, restart } = await scene(t);
  const { directory, log, statePath } = program;
  rmSync(directory, { recursive: true });
  const { removeRecording } = diskOperations;
  assert.equal(removeRecording(directory), 0);
  mkdirSync(join(statePath, "else"));
  writeFileSync(join(statePath, "else", "000001.rec"), "x");
  symlinkSync(join(statePath, "else"), directory);
  assert.equal(restart(0), undefined);
  assert.equal(removeRecording(directory), 0);
  assert.deepEqual(readdirSync(join(statePath, "else")), ["000001.rec"]);
  assert.deepEqual(log.lines, []);
});
