import assert from "node:assert/strict";
import { test } from "node:test";
import { Absence } from "../../../src/libvirt/absence.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function scene() {
  const clock = new VirtualClock();
  const log = new KeptLog();
  return { clock, log, absence: new Absence({ clock, log, meanwhile: "nothing is seen" }) };
}

test("a restart of libvirtd is two lines, whatever reasons it goes through", async () => {
  const { clock, log, absence } = scene();
  absence.goesOn("the connection was closed");
  for (const reason of ["no such socket", "connection refused", "not yet"]) {
    await clock.advance(1000);
    absence.goesOn(reason);
  }
  await clock.advance(500);
  absence.ended();
  assert.deepEqual(log.lines, [
    "error libvirt is away (the connection was closed): nothing is seen. It is tried again until it answers",
    "info libvirt is back, after 3.5 s",
  ]);
});

test("while it stays away, each new reason is told, and none twice", async () => {
  const { clock, log, absence } = scene();
  absence.goesOn("the connection was closed");
  for (let tries = 0; tries < 100; tries += 1) {
    await clock.advance(10_000);
    absence.goesOn(tries % 2 === 0 ? "connection refused" : "the connection was closed");
  }
  assert.deepEqual(log.lines.slice(1), [
    "error libvirt is still away, after 10 s, by now for another reason: connection refused",
  ]);
  absence.ended();
  assert.equal(log.lines.at(-1), "info libvirt is back, after 1000 s");
});

test("reasons that are never the same twice do not fill the log", async () => {
  const { clock, log, absence } = scene();
  for (let tries = 0; tries < 1000; tries += 1) {
    absence.goesOn(`no answer to serial ${tries}`);
    await clock.advance(10_000);
  }
  assert.ok(log.lines.length <= 10, `${log.lines.length} lines`);
});

test("what was never away does not come back, and the next absence is told anew", () => {
  const { log, absence } = scene();
  absence.ended();
  assert.deepEqual(log.lines, []);
  for (let times = 0; times < 2; times += 1) {
    absence.goesOn("the connection was closed");
    absence.ended();
  }
  assert.equal(log.lines.length, 4);
});
