import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { messageType } from "../../../src/libvirt/codec/frame.ts";
import { connect } from "../../../src/libvirt/connect.ts";
import { LibvirtError, ProtocolError } from "../../../src/libvirt/errors.ts";
import { eventKinds } from "../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { keepaliveProcedure, program } from "../../../src/libvirt/protocol/programs.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { inTime, scene, state } from "../../support/libvirt-scene.ts";
import { type Client, LibvirtServer } from "../../support/libvirt-server.ts";
import { assertAsyncProperty } from "../../support/seeds.ts";

const lifecycleProcedure = eventKinds.lifecycle.procedure;

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
    it(`ends, with the reason, on ${what}`, async (t) => {
      const { connection, client } = await scene(t);
      send(client);
      assert.ok((await connection.closed) instanceof ProtocolError);
    });
  }

  it("closes in order, once, and emits no loss", async (t) => {
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
    await assertAsyncProperty(
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
