import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { readBootId } from "../../../src/system/boot-id.ts";
import { systemClock } from "../../../src/system/system-clock.ts";

test("a timer never fires before its time", async () => {
  for (const delay of [0, 1, 3, 7]) {
    const began = systemClock.now().mono;
    await new Promise<void>((resolve) => systemClock.setTimer(delay, resolve));
    assert.ok(systemClock.now().mono - began >= delay, `${delay} ms`);
  }
});

test("a delay beyond setTimeout's longest does not fire at once", async () => {
  let fired = false;
  const timer = systemClock.setTimer(2 ** 31 + 1000, () => {
    fired = true;
  });
  await systemClock.sleep(5, new AbortController().signal);
  assert.equal(fired, false);
  timer.cancel();
});

test("a cancelled timer does not fire, and cancelling twice is allowed", async () => {
  let fired = false;
  const timer = systemClock.setTimer(1, () => {
    fired = true;
  });
  timer.cancel();
  timer.cancel();
  await systemClock.sleep(5, new AbortController().signal);
  assert.equal(fired, false);
});

test("sleep rejects with the signal's reason as soon as it aborts, also when it has", async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(systemClock.sleep(1, stop.signal), /enough/);
});

test("monotonic time can be compared over processes of one boot", () => {
  const before = systemClock.now().mono;
  const script = "const [s, n] = process.hrtime(); process.stdout.write(String(s * 1000 + n / 1e6))";
  const other = Number(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }));
  assert.ok(before <= other && other <= systemClock.now().mono);
});

test("the boot id is the kernel's, or empty where the kernel does not give it", () => {
  assert.match(readBootId(), /^[0-9a-f-]{36}$/);
  assert.equal(readBootId("/nonexistent"), "");
});
