import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { encode, i32 } from "../../../src/libvirt/codec/codec.ts";
import { messageType } from "../../../src/libvirt/codec/frame.ts";
import { type ConnectOptions, connect } from "../../../src/libvirt/connect.ts";
import type { Connection } from "../../../src/libvirt/connection.ts";
import { CallTimeoutError, ConnectionLostError, LibvirtError, ProtocolError } from "../../../src/libvirt/errors.ts";
import { type DomainEvent, eventKinds } from "../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { keepaliveProcedure, program } from "../../../src/libvirt/protocol/programs.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { type Call, type Client, LibvirtServer } from "../../support/libvirt-server.ts";

const instance = { name: "instance-1", uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 1 };
const lifecycleProcedure = eventKinds.lifecycle.procedure;

interface Scene {
  readonly server: LibvirtServer;
  readonly connection: Connection;
  readonly client: Client;
  readonly log: KeptLog;
}

async function scene(t: TestContext, options: Partial<ConnectOptions> = {}, chunkBytes?: number): Promise<Scene> {
  const server = await LibvirtServer.start(chunkBytes);
  t.after(() => server[Symbol.asyncDispose]());
  const log = new KeptLog();
  const connection = await connect(server.uri, { clock: systemClock, log, keepalive: false, ...options });
  t.after(() => connection.close());
  const [client] = server.clients;
  assert.ok(client);
  return { server, connection, client, log };
}

/** The calls of one procedure as they come, for the test to answer when it likes. */
function held<A, R>(server: LibvirtServer, procedure: Parameters<typeof server.on<A, R>>[0]): Call<A, R>[] {
  const calls: Call<A, R>[] = [];
  server.on(procedure, (call) => calls.push(call));
  return calls;
}

function lifecycle(event: number, detail: number, callbackId: number): Buffer {
  return Buffer.concat([
    encode(i32, callbackId),
    encode(eventKinds.lifecycle.body, { domain: instance, event, detail }),
  ]);
}

const state = (at: number) => ({ ...instance, id: at });
const inTime = 5000;

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
    for (let answered = 0; answered < 5; answered++) {
      await eventually("the next call", inTime, () => calls.length > answered || undefined);
      assert.ok(calls.length <= answered + 2, `${calls.length} calls when ${answered} were answered`);
      calls[answered]?.reply({ state: 1, reason: 0 });
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

  it("end in time, and say whether the server had them", async (t) => {
    const { server, connection } = await scene(t, { maxInFlight: 1 });
    held(server, procedures.domainGetState);
    const first = connection.state(instance, { timeoutMs: 20 });
    const second = connection.state(instance, { timeoutMs: 20 });
    await assert.rejects(first, { name: CallTimeoutError.name, message: /no answer from libvirt within 0\.02 s/ });
    await assert.rejects(second, { message: /did not get to it within 0\.02 s, since 1 earlier calls are unanswered/ });
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

describe("a connection to libvirt", () => {
  it("works when every byte comes by itself", async (t) => {
    const { server, connection } = await scene(t, {}, 1);
    const domains = Array.from({ length: 20 }, (_, id) => state(id));
    server.on(procedures.connectListAllDomains, (call) => call.reply({ domains, count: domains.length }));
    assert.deepEqual(await connection.listDomains(), domains);
  });

  it("answers the server's pings", async (t) => {
    const { client } = await scene(t);
    const ping = { program: program.keepalive, procedure: keepaliveProcedure.ping, type: messageType.message };
    client.send(ping);
    client.send(ping);
    await eventually("two pongs", inTime, () => client.keepalives.length === 2 || undefined);
    assert.deepEqual(client.keepalives, [keepaliveProcedure.pong, keepaliveProcedure.pong]);
  });

  it("does not ping a server that does not know keepalive", async (t) => {
    const server = await LibvirtServer.start();
    t.after(() => server[Symbol.asyncDispose]());
    server.on(procedures.connectSupportsFeature, (call) => call.reply({ supported: 0 }));
    const connection = await connect(server.uri, {
      clock: systemClock,
      log: new KeptLog(),
      keepalive: { intervalMs: 1, count: 1 },
    });
    server.on(procedures.connectGetHostname, (call) => setTimeout(() => call.reply({ hostname: "slow" }), 30));
    assert.equal(await connection.hostname(), "slow");
    assert.deepEqual(server.clients[0]?.keepalives, []);
    await connection.close();
  });

  it("passes over what is not known", async (t) => {
    const { server, connection, client } = await scene(t);
    client.send({ procedure: 1, type: messageType.message, program: 0x12345678 });
    client.event(9999, Buffer.alloc(5));
    server.on(procedures.connectGetHostname, (call) => call.reply({ hostname: "compute-1" }));
    assert.equal(await connection.hostname(), "compute-1");
  });

  for (const [what, send] of [
    ["a reply to no call", (client: Client) => client.send({ procedure: 1, type: messageType.reply, serial: 77 })],
    ["an event that cannot be read", (client: Client) => client.event(lifecycleProcedure, Buffer.alloc(6))],
    ["what is not libvirt's protocol", (client: Client) => client.write(Buffer.from("HTTP/1.1 200 OK\r\n"))],
  ] as const) {
    it(`ends, and says why, on ${what}`, async (t) => {
      const { connection, client } = await scene(t);
      send(client);
      assert.ok((await connection.closed) instanceof ProtocolError);
    });
  }

  it("closes in order, once, and says so to nobody as a loss", async (t) => {
    const { server, connection } = await scene(t);
    let closes = 0;
    server.on(procedures.connectClose, (call) => {
      closes += 1;
      call.reply(undefined);
    });
    await Promise.all([connection.close(), connection.close()]);
    assert.equal(await connection.closed, undefined);
    assert.equal(closes, 1);
  });

  it("comes to a LibvirtError, not to a crash or a hang, whatever the server sends", async (t) => {
    const server = await LibvirtServer.start();
    t.after(() => server[Symbol.asyncDispose]());
    let rubbish: Buffer = Buffer.alloc(0);
    server.on(procedures.connectGetHostname, ({ client }) => {
      client.write(rubbish);
      client.socket.end();
    });
    // A header that is nearly right gets further than noise.
    const header = fc
      .tuple(
        fc.constantFrom(28, 32, 64, 2 ** 25),
        fc.constantFrom(...Object.values(program)),
        fc.constantFrom(1, 59, 318, 348),
      )
      .chain(([length, number, procedure]) =>
        fc.tuple(fc.constantFrom(0, 1, 2, 3, 9), fc.nat(6), fc.constantFrom(0, 1, 2)).map(([type, serial, status]) => {
          const words = [length, number, 1, procedure, type, serial, status];
          const bytes = Buffer.alloc(28);
          for (const [at, word] of words.entries()) bytes.writeUInt32BE(word, at * 4);
          return bytes;
        }),
      );
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(header, noise), { maxLength: 4 }), async (pieces) => {
        rubbish = Buffer.concat(pieces);
        const options = { clock: systemClock, log: new KeptLog(), keepalive: false, callTimeoutMs: inTime } as const;
        const connection = await connect(server.uri, options);
        await connection.hostname().catch((error: unknown) => assert.ok(error instanceof LibvirtError, String(error)));
        assert.ok((await connection.closed) instanceof LibvirtError);
      }),
      { numRuns: 150 },
    );
  });
});

describe("events from libvirt", () => {
  /** Registers and answers it, remembering what was asked. */
  function registering(server: LibvirtServer): { readonly registered: number[]; readonly deregistered: number[] } {
    const registered: number[] = [];
    const deregistered: number[] = [];
    server.on(procedures.eventRegister, (call) => {
      registered.push(call.args.eventId);
      call.reply({ callbackId: 100 + call.args.eventId });
    });
    server.on(procedures.eventDeregister, (call) => {
      deregistered.push(call.args.callbackId);
      call.reply(undefined);
    });
    return { registered, deregistered };
  }

  it("are not lost if they come before the reply to their registration, or with it", async (t) => {
    const { server, connection } = await scene(t);
    server.on(procedures.eventRegister, (call) => {
      call.client.event(lifecycleProcedure, lifecycle(2, 0, 1));
      call.reply({ callbackId: 1 });
      call.client.event(lifecycleProcedure, lifecycle(5, 5, 1));
    });
    const seen: string[] = [];
    await connection.registerEvents(["lifecycle"], ({ eventName, detailName }) =>
      seen.push(`${eventName} ${detailName}`),
    );
    await eventually("two events", inTime, () => seen.length === 2 || undefined);
    assert.deepEqual(seen, ["STARTED BOOTED", "STOPPED FAILED"]);
  });

  it("are registered once a kind with the server, however many listen", async (t) => {
    const { server, connection, client } = await scene(t);
    const { registered, deregistered } = registering(server);
    const heard: string[] = [];
    const one = await connection.registerEvents(["lifecycle", "reboot"], ({ kind }) => heard.push(`one ${kind}`));
    const two = await connection.registerEvents(["lifecycle"], ({ kind }) => heard.push(`two ${kind}`));
    assert.deepEqual(registered, [0, 1]);
    client.event(lifecycleProcedure, lifecycle(5, 5, 100));
    await eventually("both", inTime, () => heard.length === 2 || undefined);
    assert.deepEqual(heard, ["one lifecycle", "two lifecycle"]);
    await one.end();
    assert.deepEqual(deregistered, [101]);
    client.event(lifecycleProcedure, lifecycle(5, 5, 100));
    await eventually("the second alone", inTime, () => heard.length === 3 || undefined);
    await two.end();
    assert.deepEqual(deregistered, [101, 100]);
    await connection.registerEvents(["lifecycle"], () => undefined);
    assert.deepEqual(registered, [0, 1, 0]);
  });

  it("reach the others when one listener throws, which is logged", async (t) => {
    const { server, connection, client, log } = await scene(t);
    registering(server);
    await connection.registerEvents(["lifecycle"], () => {
      throw new Error("this listener is broken");
    });
    const heard: DomainEvent[] = [];
    await connection.registerEvents(["lifecycle"], (event) => heard.push(event));
    client.event(lifecycleProcedure, lifecycle(5, 5, 100));
    await eventually("the event", inTime, () => heard.length === 1 || undefined);
    assert.ok(log.lines.some((line) => line.startsWith("error") && line.includes("this listener is broken")));
  });

  it("fail to register with libvirt's error, and can be tried again", async (t) => {
    const { server, connection } = await scene(t);
    server.on(procedures.eventRegister, (call) => call.fail(39, "no"));
    await assert.rejects(
      connection.registerEvents(["lifecycle"], () => undefined),
      { code: "LIBVIRT_SERVER" },
    );
    const { registered } = registering(server);
    await connection.registerEvents(["lifecycle"], () => undefined);
    assert.deepEqual(registered, [0]);
  });

  it("are told once if an earlier registration was given up, but not by the server", async (t) => {
    const { server, connection, client } = await scene(t);
    const registrations = held(server, procedures.eventRegister);
    const stop = new AbortController();
    const first = connection.registerEvents(["lifecycle"], () => undefined, { signal: stop.signal });
    await eventually("the first", inTime, () => registrations.length === 1 || undefined);
    stop.abort(new Error("no longer wanted"));
    await assert.rejects(first, /no longer wanted/);
    registrations[0]?.reply({ callbackId: 0 });
    const seen: string[] = [];
    const second = connection.registerEvents(["lifecycle"], ({ detailName }) => seen.push(detailName));
    await eventually("the second", inTime, () => registrations.length === 2 || undefined);
    registrations[1]?.reply({ callbackId: 1 });
    await second;
    for (const callbackId of [0, 1]) client.event(lifecycleProcedure, lifecycle(5, 5, callbackId));
    client.event(lifecycleProcedure, lifecycle(5, 1, 1));
    await eventually("the last event", inTime, () => seen.includes("DESTROYED") || undefined);
    assert.deepEqual(seen, ["FAILED", "DESTROYED"]);
  });

  it("are registered again after a leave of which it is not known whether the server has taken it", async (t) => {
    const { server, connection } = await scene(t);
    const { registered } = registering(server);
    const registration = await connection.registerEvents(["lifecycle"], () => undefined);
    server.on(procedures.eventDeregister, () => undefined);
    await assert.rejects(registration.end({ timeoutMs: 20 }), CallTimeoutError);
    await connection.registerEvents(["lifecycle"], () => undefined);
    assert.deepEqual(registered, [0, 0]);
  });

  it("are given up at once, even behind a registration that hangs", async (t) => {
    const { server, connection } = await scene(t);
    const registrations = held(server, procedures.eventRegister);
    const hanging = connection.registerEvents(["lifecycle"], () => undefined);
    await eventually("the first", inTime, () => registrations.length === 1 || undefined);
    const stop = new AbortController();
    const waiting = connection.registerEvents(["lifecycle"], () => undefined, { signal: stop.signal });
    stop.abort(new Error("no longer wanted"));
    await assert.rejects(waiting, /no longer wanted/);
    registrations[0]?.reply({ callbackId: 0 });
    await hanging;
  });
});
