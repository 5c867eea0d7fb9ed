import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerReplayCommand } from "../../../../src/cli/recording/replay-command.ts";
import { segmentsIn } from "../../../../src/monitor/recording/segment-files.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

async function replay(...argv: readonly string[]): Promise<{ readonly out: string; readonly code: number }> {
  const result = { out: "", code: 0 };
  const program = new Command().exitOverride();
  registerReplayCommand(program, {
    out: {
      write: (text: string) => {
        result.out += text;
      },
    },
    exit: (code) => {
      result.code = code;
    },
  });
  await program.parseAsync(["node", "masakari-monitors", "replay", ...argv]).catch((error: Error) => {
    result.out += `error: ${error.message}\n`;
  });
  return result;
}

/** A process that is down, with its settling and the first round. */
async function recorded(t: TestContext): Promise<RecordedProgram> {
  const program = new RecordedProgram(t);
  program.start(["nova-compute"]);
  program.seen("nova-compute", 12);
  await program.clock.advance(1000);
  program.observe({
    kind: "exited",
    at: program.clock.now(),
    process: { pid: 12, startTime: 1 },
    keys: ["nova-compute"],
  });
  program.seen("nova-compute", undefined);
  await program.clock.advance(1500);
  program.seen("nova-compute", undefined);
  await program.recorder.close();
  return program;
}

test("what is decided as it was: exit status 0; a directory and a file of it are the same", async (t) => {
  const { directory } = await recorded(t);
  const { out, code } = await replay(directory);
  assert.equal(code, 0, out);
  assert.match(
    out,
    /^processmonitor: 5 decisions since 2026-01-01T00:00:00.000Z, all the same \(recorded by 1\.2\.3, /,
  );
  assert.deepEqual(await replay(segmentsIn(directory)[0] ?? ""), { out, code });
});

test("with another value of an option the first decision that differs is shown", async (t) => {
  const { directory } = await recorded(t);
  const { out, code } = await replay(directory, "--set", "process.settle=60");
  assert.equal(code, 1, out);
  assert.match(out, /decision 4 since .* differs/);
  assert.match(out, /then: .*waiting 1\.0 s for systemd/);
  assert.match(out, /now: {2}.*waiting 60\.0 s for systemd/);
});

test("what no decision depends on, and what is no option, is an error", async (t) => {
  const { directory } = await recorded(t);
  for (const [set, error] of [
    ["host.stonith_wait=5", "no decision in this recording depends on it"],
    ["process.api_retry_max=oops", "must be a whole number"],
    ["process.typo=1", "there is no option typo in [process]"],
    ["settle=1", "give SECTION.OPTION=VALUE"],
    ["__proto__.x=1", "there is no option"],
  ] as const) {
    const { out, code } = await replay(directory, "--set", set);
    assert.deepEqual([code, out.includes(error)], [2, true], out);
  }
});

test("what is unreadable, missing or of something else has exit status 2", async (t) => {
  const { directory } = await recorded(t);
  const path = segmentsIn(directory)[0] ?? "";
  const torn = join(directory, "torn");
  writeFileSync(torn, readFileSync(path).subarray(0, 20));
  for (const bad of [torn, "/dev/null", join(directory, "missing")]) assert.equal((await replay(bad)).code, 2);
  assert.equal((await replay(join(directory, "missing"))).out, `error: ${join(directory, "missing")} does not exist\n`);
  const above = await replay(join(directory, ".."));
  assert.equal(above.code, 2);
  assert.match(above.out, /has no recording in it: give the directory PROGRAM\.recording, or a file of/);
});
