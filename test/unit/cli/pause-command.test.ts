import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { parseDuration } from "../../../src/cli/duration.ts";
import { registerPauseCommands } from "../../../src/cli/pause-command.ts";
import { readPauses } from "../../../src/process/pauses.ts";
import { readBootId } from "../../../src/system/boot-id.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { entryNamed } from "../../support/process-entries.ts";

const ENTRIES = ["/usr/bin/nova-compute", "/usr/sbin/libvirtd", "/usr/sbin/libvirtd"].map((name) => entryNamed(name));

function statePath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "pause-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Runs `masakari-monitors` with these arguments; the text that it wrote. */
async function run(path: string, ...argv: string[]): Promise<string> {
  let written = "";
  const program = new Command("masakari-monitors").exitOverride();
  const parts = { statePath: () => path, entries: () => Promise.resolve(ENTRIES) };
  registerPauseCommands(program, { ...parts, out: { write: (text) => (written += text) } });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(argv, { from: "user" });
  return written;
}

const pausesIn = (path: string) => readPauses({ statePath: path, now: systemClock.now(), bootId: readBootId() });
const FOR = ["--for", "1h", "--reason", "an upgrade"] as const;

test("pauses the entry that the short name means, for that time, for that reason", async (t) => {
  const path = statePath(t);
  const written = await run(path, "pause", "nova-compute", ...FOR);
  assert.match(written, /^\/usr\/bin\/nova-compute is paused until 20\S+Z: /);
  assert.match(written, /^No processmonitor is running with .*: this takes effect when one starts\./m);
  const [pause, ...more] = pausesIn(path);
  assert.deepEqual([pause?.key, pause?.reason, more], ["/usr/bin/nova-compute", "an upgrade", []]);
  assert.ok(Math.abs((pause?.until ?? 0) - systemClock.now().mono - 3_600_000) < 60_000);
  const [file = ""] = readdirSync(path);
  assert.equal(statSync(join(path, file)).mode & 0o777, 0o600);
});

test("a name that is in the list twice means both; --all means all", async (t) => {
  const path = statePath(t);
  await run(path, "pause", "libvirtd", ...FOR);
  assert.deepEqual(
    pausesIn(path).map(({ key }) => key),
    ["/usr/sbin/libvirtd", "/usr/sbin/libvirtd#2"],
  );
  await run(path, "pause", "--all", ...FOR);
  assert.equal(pausesIn(path).length, 3);
});

test("a second pause of an entry takes the place of the first", async (t) => {
  const path = statePath(t);
  await run(path, "pause", "nova-compute", ...FOR);
  await run(path, "pause", "nova-compute", "--for", "2d", "--reason", "longer");
  assert.deepEqual(
    pausesIn(path).map(({ reason }) => reason),
    ["longer"],
  );
});

test("resume ends what is named, or all", async (t) => {
  const path = statePath(t);
  await run(path, "pause", "--all", ...FOR);
  assert.equal(await run(path, "resume", "nova-compute"), "/usr/bin/nova-compute is no longer paused\n");
  assert.equal(pausesIn(path).length, 2);
  await run(path, "resume", "--all");
  assert.deepEqual([pausesIn(path), readdirSync(path)], [[], []]);
  assert.equal(await run(path, "resume", "--all"), "nothing is paused\n");
});

test("mistakes are refused, and pause nothing", async (t) => {
  const path = statePath(t);
  const cases: readonly [readonly string[], RegExp][] = [
    [["pause", "nova-compute", "--for", "1h"], /--reason/],
    [["pause", "nova-compute", "--reason", "x"], /--for/],
    [["pause", "nova-compute", "--for", "60", "--reason", "x"], /--for 60 is not a duration/],
    [["pause", "nova-compute", "--for", "31d", "--reason", "x"], /30 days at most/],
    [["pause", "nova-compute", "--for", "1h", "--reason", " "], /--reason is empty/],
    [["pause", ...FOR], /name the processes to pause, or give --all/],
    [["pause", "nova-compute", "--all", ...FOR], /not both/],
    [["pause", "nova-comptue", ...FOR], /not in the process list: nova-comptue; it has \/usr\/bin\/nova-compute/],
    [["pause", "nova-compute", "glance", ...FOR], /not in the process list: glance/],
    [["resume", "nova-compute"], /not paused: nova-compute/],
    [["resume"], /name the processes/],
  ];
  for (const [argv, message] of cases) await assert.rejects(run(path, ...argv), message, argv.join(" "));
  assert.deepEqual(readdirSync(path), []);
  await assert.rejects(run(join(path, "none"), "pause", "nova-compute", ...FOR), /state_path\) does not exist/);
});

test("durations", () => {
  const cases: readonly [string, number | undefined][] = [
    ["90s", 90],
    ["30m", 1800],
    ["30min", 1800],
    ["1h30m", 5400],
    ["2d", 172_800],
    ["0m", undefined],
    ["60", undefined],
    ["1.5h", undefined],
    ["-1h", undefined],
    ["1h ", undefined],
    ["", undefined],
  ];
  for (const [text, seconds] of cases) assert.equal(parseDuration(text), seconds, text);
});
