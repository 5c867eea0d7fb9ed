import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadProcessList } from "../../../src/config/process-list.ts";
import { ProcessListError, readList, watchList } from "../../../src/process/list-watch.ts";
import { Conditions } from "../../../src/status/conditions.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually, within } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function listFile(context: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "list-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "process_list.yaml");
  writeFileSync(path, text);
  return path;
}

const entry = (name: string) => `- process_name: ${name}\n  restart_command: /bin/true\n`;

test("an edit is reported without a check, also one that replaces the file", async (context) => {
  const path = listFile(context, entry("one"));
  const edits: string[][] = [];
  let next = Promise.withResolvers<void>();
  const parts = { path, load: loadProcessList, clock: systemClock, log: new KeptLog() };
  const watch = watchList(parts, (entries) => {
    edits.push(entries.map(({ process_name }) => process_name));
    next.resolve();
    next = Promise.withResolvers();
  });
  context.after(() => watch.stop());
  let edited = within("the edit", 60_000, next.promise);
  writeFileSync(path, entry("one") + entry("two"));
  await edited;
  edited = within("the edit", 60_000, next.promise);
  writeFileSync(`${path}.new`, entry("three"));
  renameSync(`${path}.new`, path);
  await edited;
  assert.deepEqual(edits, [["one", "two"], ["three"]]);
});

/** A watch whose clock never moves, so that only check() can act. */
function checked(context: TestContext, path: string) {
  const log = new KeptLog();
  const edits: string[][] = [];
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const parts = { path, load: loadProcessList, clock, log, conditions };
  const watch = watchList(parts, (entries) => edits.push(entries.map(({ process_name }) => process_name)));
  context.after(() => watch.stop());
  const refused = () => log.lines.filter((line) => line.includes("last good"));
  const until = (what: string, holds: () => boolean) => eventually(what, 60_000, () => holds() || undefined, 1);
  const problem = () => conditions.all.get("process list")?.problem;
  return { watch, log, edits, refused, problem, until };
}

test("where changes are not reported they are found by the check", async (context) => {
  const path = listFile(context, entry("one"));
  const { watch, edits, until } = checked(context, path);
  watch.check();
  writeFileSync(path, entry("one") + entry("two"));
  watch.check();
  watch.check();
  await until("the edit", () => edits.length > 0);
  writeFileSync(path, entry("three"));
  watch.check();
  await until("the next edit", () => edits.length > 1);
  assert.deepEqual(edits, [["one", "two"], ["three"]]);
});

test("a broken edit is refused with file and line, once, and the next good one is taken", async (context) => {
  const path = listFile(context, entry("one"));
  const { watch, log, edits, refused, problem, until } = checked(context, path);
  writeFileSync(path, `${entry("one")}  restart_comand: x\n`);
  watch.check();
  watch.check();
  await until("the refusal", () => refused().length > 0);
  assert.ok(log.lines.some((line) => line.startsWith("error") && line.includes(`${path}:3`)));
  await until("the condition", () => problem()?.includes(`${path}:3`) === true);
  rmSync(path);
  watch.check();
  await until("the second refusal", () => refused().length > 1);
  assert.deepEqual(edits, []);
  writeFileSync(path, entry("two"));
  watch.check();
  await until("the good edit", () => edits.length > 0);
  assert.deepEqual(edits, [["two"]]);
  assert.equal(refused().length, 2);
  assert.equal(problem(), undefined);
});

test("a list that cannot be used at the start is an error with the reason", async (context) => {
  const path = listFile(context, "- process_name: [\n");
  const parts = { path, load: loadProcessList, clock: systemClock, log: new KeptLog() };
  await assert.rejects(
    readList(parts),
    (error) => error instanceof ProcessListError && error.message.includes(`${path}:`),
  );
});

test("edits of what is read in place of the list are found too", async (context) => {
  const path = listFile(context, "");
  rmSync(path);
  const old = join(dirname(path), "proc.list");
  writeFileSync(old, "01,one,start one,start one,,,,\n");
  const { watch, edits, until } = checked(context, path);
  watch.follow((await readList({ path, load: loadProcessList })).file);
  writeFileSync(old, "01,two,start two,start two,,,,\n02,three,start three,start three,,,,\n");
  watch.check();
  await until("the edit of proc.list", () => edits.length > 0);
  writeFileSync(path, entry("four"));
  watch.check();
  await until("the list in its new form", () => edits.length > 1);
  assert.deepEqual(edits, [["two", "three"], ["four"]]);
});
