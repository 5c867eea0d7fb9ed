import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "../../../src/libvirt/connect.ts";
import { CallTimeoutError, ConnectionLostError, ProtocolError } from "../../../src/libvirt/errors.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";

import { held, instance, inTime, scene, state } from "../../support/libvirt-scene.ts";

describe("calls to libvirt", () => {
  it("get their own replies, in whatever order these come", async (t) => {
    const { server, connection } = await scene(t);
    const calls = held(server, procedures.domainGetState);
    const asked = [0, 1, 2, 3].map((id) => connection.state(state(id)));
    await eventually("four calls", inTime, () => calls.length === 4 || undefined);
    for (const call of [...calls].reverse()) call.reply({ state: 1, reason: call.args.domain.id });
    assert.deepEqual(
      (await Promise.all(asked)).map(({ reason }) => reason),
      [0, 1, 2, 3],
    );
  });

  it("are at the server at most as many as it serves, the others wait in order", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 2 });
    const calls = held(server, procedures.domainGetState);
    const asked = [0, 1, 2, 3, 4].map((id) => connection.state(state(id)));
    for (let succeeded = 0; succeeded < 5; succeeded++) {
      await eventually("the next call", inTime, () => calls.length > succeeded || undefined);
      assert.ok(calls.length <= succeeded + 2, `${calls.length} calls when ${succeeded} had succeeded`);
      calls[succeeded]?.reply({ state: 1, reason: 0 });
    }
    await Promise.all(asked);
    assert.deepEqual(
      calls.map(({ args }) => args.domain.id),
      [0, 1, 2, 3, 4],
    );
  });

  it("do not wait for guests that do not answer, and are one more at the server then", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 2 });
    const commands = held(server, procedures.agentCommand);
    const states = held(server, procedures.domainGetState);
    const [first, second, third] = [1, 2, 3].map((id) => connection.agentCommand(state(id), "{}", 5));
    const [one, other] = [connection.state(state(4)), connection.state(state(5))];
    await eventually("the first state", inTime, () => states.length === 1 || undefined);
    // A round trip on another connection: what was sent on this one is there by now.
    const later = await connect(server.uri, { clock: systemClock, log: new KeptLog(), keepalive: false });
    await later.close();
    assert.deepEqual([commands.length, states.length], [2, 1]);
    states[0]?.reply({ state: 1, reason: 0 });
    await one;
    await eventually("the second state", inTime, () => states.length === 2 || undefined);
    states[1]?.reply({ state: 1, reason: 0 });
    await other;
    assert.equal(commands.length, 2);
    commands[0]?.reply({ result: "{}" });
    await first;
    await eventually("the third command", inTime, () => commands.length === 3 || undefined);
    for (const command of commands.slice(1)) command.reply({ result: "{}" });
    await Promise.all([second, third]);
  });

  it("keep their place at the server when they are given up, until it has answered", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 1 });
    const calls = held(server, procedures.domainGetState);
    const stop = new AbortController();
    const first = connection.state(instance, { signal: stop.signal });
    const second = connection.state(state(2));
    await eventually("the first call", inTime, () => calls.length === 1 || undefined);
    stop.abort(new Error("no longer wanted"));
    await assert.rejects(first, /no longer wanted/);
    // A round trip on another connection: had the second call been sent, it would be there by now.
    const other = await connect(server.uri, { clock: systemClock, log: new KeptLog(), keepalive: false });
    await other.close();
    assert.equal(calls.length, 1);
    calls[0]?.reply({ state: 1, reason: 0 });
    await eventually("the second call", inTime, () => calls.length === 2 || undefined);
    calls[1]?.reply({ state: 5, reason: 3 });
    assert.equal((await second).stateName, "SHUTOFF");
  });

  it("are never sent if they are given up while they wait", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 1 });
    const calls = held(server, procedures.domainGetState);
    const stop = new AbortController();
    const first = connection.state(state(1));
    const second = connection.state(state(2), { signal: stop.signal });
    const third = connection.state(state(3));
    stop.abort();
    await assert.rejects(second, { name: "AbortError" });
    await eventually("the first call", inTime, () => calls.length === 1 || undefined);
    calls[0]?.reply({ state: 1, reason: 0 });
    await eventually("another call", inTime, () => calls.length === 2 || undefined);
    calls[1]?.reply({ state: 1, reason: 0 });
    await Promise.all([first, third]);
    assert.deepEqual(
      calls.map(({ args }) => args.domain.id),
      [1, 3],
    );
  });

  it("end in time, with whether the server had them", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 1 });
    held(server, procedures.domainGetState);
    const first = connection.state(instance, { timeoutMs: 20 });
    const second = connection.state(instance, { timeoutMs: 20 });
    await assert.rejects(first, { name: CallTimeoutError.name, message: /no response from libvirt within 0\.02 s/ });
    await assert.rejects(second, {
      message: /did not get to it within 0\.02 s, since 1 earlier calls wait for their responses/,
    });
  });

  it("are refused beyond the bound on those that wait", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 1, maxQueued: 2 });
    held(server, procedures.domainGetState);
    const waiting = [1, 2, 3].map((id) => connection.state(state(id)));
    await assert.rejects(connection.state(instance), { code: "LIBVIRT_QUEUE_FULL" });
    server.drop();
    for (const call of waiting) await assert.rejects(call, ConnectionLostError);
  });

  it("fail alone when the reply cannot be read", async (t) => {
    const { server, connection } = await scene(t);
    server.on({ ...procedures.domainGetState, result: procedures.connectGetHostname.result }, (call) =>
      call.reply({ hostname: "not a state at all" }),
    );
    server.on(procedures.connectGetHostname, (call) => call.reply({ hostname: "compute-1" }));
    await assert.rejects(connection.state(instance), ProtocolError);
    assert.equal(await connection.hostname(), "compute-1");
  });

  it("fail when the connection does, those under way and those to come", async (t) => {
    const { server, connection } = await scene(t);
    const calls = held(server, procedures.domainGetState);
    const call = connection.state(instance);
    await eventually("the call", inTime, () => calls.length === 1 || undefined);
    server.drop();
    await assert.rejects(call, ConnectionLostError);
    await assert.rejects(connection.hostname(), ConnectionLostError);
    assert.ok((await connection.closed) instanceof ConnectionLostError);
  });
});
