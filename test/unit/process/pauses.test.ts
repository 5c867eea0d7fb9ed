import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { endPauses, readPauses, writePause } from "../../../src/process/pauses.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { ProcessWorld } from "../../support/process-world.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 1, 12);

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "pauses-"));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** A state directory in which p was paused for an hour at noon. */
function paused(context: TestContext) {
  const statePath = directory(context);
  const then = { statePath, bootId: "one", now: { mono: 1000, wall: NOON } };
  writePause(then, { key: "/usr/bin/p", seconds: 3600, reason: "work", by: "root" });
  return { statePath, at: (now: { mono: number; wall: number }, bootId = "one") => ({ statePath, bootId, now }) };
}

test("a pause ends by itself, by the monotonic clock, and its file goes", (t) => {
  const { statePath, at } = paused(t);
  const later = at({ mono: 1000 + HOUR - 1, wall: NOON + 48 * HOUR });
  assert.deepEqual(
    readPauses(later).map(({ key, until }) => [key, until]),
    [["/usr/bin/p", 1000 + HOUR]],
  );
  assert.deepEqual(readPauses(at({ mono: 1000 + HOUR, wall: NOON })), []);
  assert.deepEqual(readdirSync(statePath), []);
});

test("over a reboot it ends by the wall clock, and is never longer than it was asked for", (t) => {
  const { at } = paused(t);
  const [after] = readPauses(at({ mono: 50, wall: NOON + HOUR / 2 }, "two"));
  assert.equal(after?.until, 50 + HOUR / 2);
  const [clockSetBack] = readPauses(at({ mono: 50, wall: NOON - 48 * HOUR }, "two"));
  assert.equal(clockSetBack?.until, 50 + HOUR);
  assert.deepEqual(readPauses(at({ mono: 50, wall: NOON + HOUR }, "two")), []);
});

test("what is no pause of our own or root's is ignored, and harms nothing", (t) => {
  const { statePath, at } = paused(t);
  const file = (name: string, text: string): string => {
    const path = join(statePath, `processmonitor.pause-${name}.json`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const good = JSON.stringify({
    key: "q",
    since: { mono: 1, wall: NOON },
    boot_id: "one",
    seconds: 60,
    reason: "r",
    by: "b",
  });
  file("text", "not JSON");
  file("null", "null");
  file("shape", JSON.stringify({ key: "q", seconds: "60" }));
  file("long", good.replace("60", "999999999999"));
  file("huge", " ".repeat(1 << 20));
  chmodSync(file("writable", good), 0o666);
  symlinkSync(join(statePath, "elsewhere"), join(statePath, "processmonitor.pause-link.json"));
  writeFileSync(join(statePath, "elsewhere"), good, { mode: 0o600 });
  const now = at({ mono: 2000, wall: NOON });
  assert.deepEqual(
    readPauses(now).map(({ key }) => key),
    ["/usr/bin/p"],
  );
  file("good", good.replace('"r"', '"two\\nlines\\u001b[2J"'));
  assert.equal(readPauses(now).find(({ key }) => key === "q")?.reason, "two lines [2J");
  assert.deepEqual(
    endPauses(now, (key) => key === "q"),
    ["q"],
  );
  assert.deepEqual(readPauses(at({ mono: 1, wall: 1 })).length, 1);
  assert.deepEqual(readPauses({ ...now, statePath: join(statePath, "none") }), []);
});

async function running(entry = {}): Promise<ProcessWorld> {
  const world = new ProcessWorld([entryNamed("p", entry)]);
  world.spawn("p");
  world.startMonitor();
  await world.run(1000);
  return world;
}

test("a paused process that dies is neither restarted nor reported until the pause ends, and then settles first", async () => {
  const world = await running();
  world.behave = () => ({ ms: 10, succeeds: false });
  world.pause("p", 3_600_000);
  const end = world.mono + 3_600_000;
  world.kill("p");
  await world.run(3_600_000 - 1);
  assert.deepEqual([world.runs, world.notified.length], [[], 0]);
  assert.match(world.conditions.get("paused processes") ?? "", /^p until .*, by root: work$/);
  assert.match(world.conditions.get("postponed processes") ?? "", /^p: paused until/);
  await world.run(600_000);
  assert.deepEqual([world.runs[0]?.at, world.notified.length], [end + 1000, 1]);
  assert.equal(world.conditions.get("paused processes"), undefined);
});

test("a pause that begins before the look after a death counts", async () => {
  const world = await running({ settle: 0 });
  world.kill("p");
  world.pause("p", 60_000);
  await world.run(59_000);
  assert.deepEqual(world.runs, []);
});

test("resume ends a pause at the next look", async () => {
  const world = await running();
  world.pause("p", 3_600_000);
  world.kill("p");
  await world.run(60_000);
  world.resume("p");
  await world.run(10_000);
  assert.deepEqual(
    world.runs.map(({ stage }) => stage),
    ["restart_command"],
  );
});

test("a process that comes up during its pause is watched; other entries are not paused", async () => {
  const world = new ProcessWorld([entryNamed("p"), entryNamed("q")]);
  for (const key of ["p", "q"]) world.spawn(key);
  world.startMonitor();
  await world.run(1000);
  world.pause("p", 600_000);
  for (const key of ["p", "q"]) world.kill(key);
  await world.run(20_000);
  assert.deepEqual(
    world.runs.map(({ key }) => key),
    ["q"],
  );
  world.spawn("p");
  await world.run(10_000);
  assert.equal(world.phaseOf("p")?.name, "up");
});

test("a pause counts between pre_restart_command and restart_command, between rounds, and at the monitor's start", async () => {
  const between = await running({ pre_restart_command: "before" });
  between.behave = () => ({ ms: 5000, succeeds: true });
  between.kill("p");
  await between.run(2000);
  between.pause("p", 600_000);
  await between.run(500_000);
  assert.deepEqual(
    between.runs.map(({ stage }) => stage),
    ["pre_restart_command"],
  );

  const rounds = await running();
  rounds.behave = () => ({ ms: 10, succeeds: false });
  rounds.kill("p");
  await rounds.run(2000);
  rounds.pause("p", 600_000);
  await rounds.run(500_000);
  assert.deepEqual([rounds.runs.length, rounds.notified.length], [1, 0]);
  await rounds.run(200_000);
  assert.equal(rounds.notified.length, 1);

  const start = new ProcessWorld([entryNamed("p")]);
  start.pause("p", 600_000);
  start.startMonitor();
  await start.run(500_000);
  assert.deepEqual(start.runs, []);
  await start.run(200_000);
  assert.equal(start.phaseOf("p")?.name, "up");
});
