import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";

const stateOf = (pid: number): string | undefined => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];

test("of processes that end in one instant, the one that is heard of first may stop the others", async () => {
  // Their output ends before they do: then Node emits the end of the first while it has reaped the others and not emitted that.
  const all = Array.from({ length: 4 }, () => new Child("/bin/sh", ["-c", "exec sleep 60 >&- 2>&-"]));
  for (const { pid } of all) {
    await eventually("a sleep", 60_000, () => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n" || undefined);
  }
  // The ends of their output are read within these.
  for (let loopTurn = 0; loopTurn < 10; loopTurn += 1) await setImmediate();
  const first = Promise.race(all.map((one) => one.exited)).then(() => {
    for (const one of all) one.signal("SIGKILL");
  });
  for (const { pid } of all) process.kill(pid, "SIGKILL");
  // The loop does not turn before all of them are dead.
  while (all.some(({ pid }) => stateOf(pid) !== "Z"));
  await first;
  for (const one of all) assert.equal((await one.stop()).signal, "SIGKILL");
});

test("a line is waited for as long as somebody may still write it, also when the program itself has ended", async () => {
  const child = new Child("/bin/sh", ["-c", "(sleep 0.2; echo one; sleep 0.2; echo two) & exit 0"]);
  assert.equal(await child.line(/two/, 20_000), "two");
  await assert.rejects(child.line(/three/, 20_000), ({ cause }) => /ended before it wrote/.test(`${cause}`));
});
