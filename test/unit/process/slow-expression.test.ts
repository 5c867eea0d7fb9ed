import assert from "node:assert/strict";
import { test } from "node:test";
import { type Context, Script } from "node:vm";
import { compileExpression } from "../../../src/config/process-list/expression.ts";
import { compileEntries } from "../../../src/process/compiled-entry.ts";
import { Looks } from "../../../src/process/looks.ts";
import { WatchedProcesses } from "../../../src/process/watched-processes.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { entryNamed } from "../../support/process-entries.ts";
import { SimulatedTable } from "../../support/process-table.ts";
import { ProcessWorld } from "../../support/process-world.ts";

/** Exponential in the number of letters, and only RegExp has references to groups. */
const SLOW = String.raw`^/usr/bin/(?:([a-z]+)+) --\1!$`;
const SERVICE = "/usr/bin/service --service!";
const hostile = (index = 0) => `/usr/bin/${"a".repeat(60 + index)} --`;

/** An ordinary process of anybody's. */
function run(world: ProcessWorld, pid: number, commandLine: string): void {
  world.table.add({ pid, startTime: 1 }, commandLine);
}

function watching(): ProcessWorld {
  const world = new ProcessWorld([entryNamed(SLOW, { match: "regex" })]);
  // Commands bring up what the entry is for.
  world.behave = () => ({ ms: 10, succeeds: true });
  world.onRun = () => run(world, 900, SERVICE);
  return world;
}

test("an expression that backtracks for ever has no result, and one that does not has", () => {
  const expression = compileExpression(SLOW);
  assert.equal(expression.linear, false);
  assert.deepEqual(
    [hostile(), SERVICE, "/usr/bin/other", hostile()].map((text) => expression.test(text)),
    [undefined, true, false, undefined],
  );
});

test("time that a busy machine did not give this program counts against no command line", (t) => {
  const { runInContext } = Script.prototype;
  let interruptions = 0;
  t.mock.method(Script.prototype, "runInContext", function (this: Script, context: Context, options: object) {
    if (interruptions >= 3) return runInContext.call(this, context, options);
    interruptions += 1;
    throw Object.assign(new Error("Script execution timed out"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
  });
  assert.equal(compileExpression(SLOW).test(SERVICE), true);
  assert.equal(interruptions, 3);
});

test("however little of the CPU this program gets, slow command lines hold it up for half of the time at most", (t) => {
  let [now, interruptions] = [0, 0];
  t.mock.method(performance, "now", () => now);
  t.mock.method(Script.prototype, "runInContext", () => {
    now += 50;
    interruptions += 1;
    throw Object.assign(new Error("Script execution timed out"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
  });
  const expression = compileExpression(SLOW);
  for (let index = 0; index < 100; index++) assert.equal(expression.test(hostile(index)), undefined);
  assert.ok(interruptions > 0 && now <= 5000, `${now} ms of 10,000`);
});

test("thousands of command lines on which an expression backtracks cost seconds at most, and those known keep their result", () => {
  const expression = compileExpression(SLOW);
  assert.equal(expression.test(SERVICE), true);
  for (let index = 0; index < 900; index++) assert.equal(expression.test(hostile(index)), undefined);
  assert.equal(expression.test(SERVICE), true);
});

test("a service lives on beside a command line on which its expression backtracks, at the start and later", async () => {
  for (const hostileFirst of [true, false]) {
    const world = watching();
    if (hostileFirst) run(world, 50, hostile());
    run(world, 100, SERVICE);
    world.startMonitor();
    await world.run(20_000);
    run(world, 51, hostile(1));
    await world.run(60_000);
    assert.equal(world.phaseOf(SLOW)?.name, "up");
    assert.deepEqual([world.runs, world.notified], [[], []]);
  }
});

test("a watched process whose own command line becomes too slow to compare is not taken for dead", async () => {
  const world = watching();
  run(world, 100, SERVICE);
  world.startMonitor();
  await world.run(20_000);
  const process = world.table.get(100);
  assert.ok(process);
  process.raw = `${hostile()}\0`;
  await world.run(60_000);
  assert.equal(world.phaseOf(SLOW)?.name, "up");
  assert.deepEqual([world.runs, world.notified], [[], []]);
});

test("nothing follows from what is not known; the death is acted upon when the slow command line is gone", async () => {
  const world = watching();
  run(world, 50, hostile());
  run(world, 100, SERVICE);
  world.startMonitor();
  await world.run(20_000);
  world.table.remove(100);
  await world.run(60_000);
  assert.deepEqual([world.runs, world.notified], [[], []]);
  world.table.remove(50);
  await world.run(20_000);
  assert.deepEqual(
    world.runs.map(({ stage }) => stage),
    ["restart_command"],
  );
  assert.equal(world.phaseOf(SLOW)?.name, "up");
});

test("what is not known is a condition and one line, until it is known again", () => {
  const [conditions, log, table] = [new Conditions(systemClock), new KeptLog(), new SimulatedTable()];
  const watched = new WatchedProcesses(table, systemClock);
  const looks = new Looks({ table, log, conditions, clock: systemClock, self: 1, commands: new Set(), watched });
  looks.use(compileEntries([entryNamed(SLOW, { match: "regex" })]));
  const look = () => looks.lookAtAll(() => undefined);
  const problem = () => conditions.all.get("process expressions")?.problem;
  table.add({ pid: 50, startTime: 1 }, hostile());
  for (let times = 0; times < 3; times++) look();
  assert.match(problem() ?? "", /takes too long on some process's command line/);
  assert.equal(log.lines.length, 1);
  table.remove(50);
  look();
  assert.equal(problem(), undefined);
  assert.match(log.lines.at(-1) ?? "", /can be recognised again/);
});
