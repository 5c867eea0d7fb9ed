import assert from "node:assert/strict";
import { test } from "node:test";
import { noLink } from "../../../src/introspective/link.ts";
import { putTimeoutsBack, setResponseTimeout } from "../../../src/introspective/response-timeout.ts";
import type { Connection } from "../../../src/libvirt/connection.ts";
import { CallTimeoutError, ServerError } from "../../../src/libvirt/errors.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

/** A libvirt that answers each call as it is told to, and notes the calls in order. */
function libvirt(answer: (uuid: string, seconds: number) => Promise<void> = async () => undefined) {
  const calls: string[] = [];
  const connection = {
    setAgentResponseTimeout({ uuid }: { uuid: string }, seconds: number) {
      calls.push(`${uuid} ${seconds}`);
      return answer(uuid, seconds);
    },
  } as unknown as Connection;
  return { link: { ...noLink(), connection }, connection, calls, clock: new VirtualClock(), log: new KeptLog() };
}

test("what libvirt answers, and what it may have done without an answer", async () => {
  const errors = [
    [new ServerError("it", 42, 10, "no domain"), "gone"],
    [new ServerError("it", 39, 7, "unknown procedure: 420"), "refused"],
    [new ServerError("it", 29, 10, "read only"), "refused"],
    [new CallTimeoutError("no answer"), "unknown"],
  ] as const;
  for (const [error, outcome] of errors) {
    const { link, connection } = libvirt(() => Promise.reject(error));
    assert.equal((await setResponseTimeout(link, connection, "vm", 2)).outcome, outcome);
    assert.equal(link.shortTimeouts.has("vm"), outcome === "unknown");
  }
});

test("at the stop each that may be short is put back, and none that is back already", async () => {
  const { link, connection, calls, clock, log } = libvirt();
  await setResponseTimeout(link, connection, "answers", 2);
  await setResponseTimeout(link, connection, "answers", undefined);
  await setResponseTimeout(link, connection, "hangs", 2);
  calls.length = 0;
  await putTimeoutsBack(link, clock, log);
  assert.deepEqual(calls, ["hangs -2"]);
  assert.deepEqual(log.lines, []);
  assert.equal(clock.timers, 0);
});

test("at the stop a call that is under way is awaited: libvirt does two in whatever order", async () => {
  const first = Promise.withResolvers<void>();
  const { link, connection, calls, clock, log } = libvirt((_, seconds) =>
    seconds === 2 ? first.promise : Promise.resolve(),
  );
  void setResponseTimeout(link, connection, "vm", 2);
  const done = putTimeoutsBack(link, clock, log);
  await settle();
  assert.deepEqual(calls, ["vm 2"]);
  first.resolve();
  await done;
  assert.deepEqual(calls, ["vm 2", "vm -2"]);
});

test("at the stop a libvirt that does not answer is waited for no longer than 5 s, and none at all not", async () => {
  const { link, connection, clock, log } = libvirt((_, seconds) =>
    seconds === 2 ? Promise.resolve() : new Promise(() => undefined),
  );
  await setResponseTimeout(link, connection, "vm", 2);
  const done = putTimeoutsBack(link, clock, log);
  await clock.advance(5000);
  await done;
  assert.match(log.lines.join("\n"), /^warning .*1 guest was not put back within 5 s/);

  const away = { ...link, connection: undefined };
  await putTimeoutsBack(away, clock, log);
  assert.equal(clock.timers, 0);
});
