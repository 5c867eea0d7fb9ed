import assert from "node:assert/strict";
import { test } from "node:test";
import { resetTimeouts, setResponseTimeout } from "../../../src/introspective/response-timeout.ts";
import { noSession } from "../../../src/introspective/session.ts";
import { CallTimeoutError, type Connection, ServerError } from "../../../src/libvirt/mod.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { settle, VirtualClock } from "../../support/virtual-clock.ts";

/** A libvirt that answers each call as the test has it, and notes the calls in order. */
function libvirt(respond: (uuid: string, seconds: number) => Promise<void> = async () => undefined) {
  const calls: string[] = [];
  const connection = {
    setAgentResponseTimeout({ uuid }: { uuid: string }, seconds: number) {
      calls.push(`${uuid} ${seconds}`);
      return respond(uuid, seconds);
    },
  } as unknown as Connection;
  return { session: { ...noSession(), connection }, connection, calls, clock: new VirtualClock(), log: new KeptLog() };
}

test("what libvirt responds, and what it may have done without a response", async () => {
  const errors = [
    [new ServerError("it", 42, 10, "no domain"), "gone"],
    [new ServerError("it", 39, 7, "unknown procedure: 420"), "refused"],
    [new ServerError("it", 29, 10, "read only"), "refused"],
    [new CallTimeoutError("no response"), "unknown"],
  ] as const;
  for (const [error, outcome] of errors) {
    const { session, connection } = libvirt(() => Promise.reject(error));
    assert.equal((await setResponseTimeout(session, connection, "vm", 2)).outcome, outcome);
    assert.equal(session.shortTimeouts.has("vm"), outcome === "unknown");
  }
});

test("at the stop each that may be short is reset, and none that is reset already", async () => {
  const { session, connection, calls, clock, log } = libvirt();
  await setResponseTimeout(session, connection, "answers", 2);
  await setResponseTimeout(session, connection, "answers", undefined);
  await setResponseTimeout(session, connection, "hangs", 2);
  calls.length = 0;
  await resetTimeouts(session, clock, log);
  assert.deepEqual(calls, ["hangs undefined"]);
  assert.deepEqual(log.lines, []);
  assert.equal(clock.timers, 0);
});

test("at the stop a call that is under way is awaited: libvirt does two in whatever order", async () => {
  const first = Promise.withResolvers<void>();
  const { session, connection, calls, clock, log } = libvirt((_, seconds) =>
    seconds === 2 ? first.promise : Promise.resolve(),
  );
  void setResponseTimeout(session, connection, "vm", 2);
  const done = resetTimeouts(session, clock, log);
  await settle();
  assert.deepEqual(calls, ["vm 2"]);
  first.resolve();
  await done;
  assert.deepEqual(calls, ["vm 2", "vm undefined"]);
});

test("at the stop a libvirt that does not answer is waited for no longer than 5 s, and none at all not", async () => {
  const { session, connection, clock, log } = libvirt((_, seconds) =>
    seconds === 2 ? Promise.resolve() : new Promise(() => undefined),
  );
  await setResponseTimeout(session, connection, "vm", 2);
  const done = resetTimeouts(session, clock, log);
  await clock.advance(5000);
  await done;
  assert.match(log.lines.join("\n"), /^warning .* of 1 guest were not reset within 5 s/);

  const away = { ...session, connection: undefined };
  await resetTimeouts(away, clock, log);
  assert.equal(clock.timers, 0);
});
