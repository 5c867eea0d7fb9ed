import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode, i32 } from "../../../src/libvirt/codec/codec.ts";
import { CallTimeoutError } from "../../../src/libvirt/errors.ts";
import { type DomainEvent, eventKinds } from "../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { eventually } from "../../support/eventually.ts";
import { held, instance, inTime, scene } from "../../support/libvirt-scene.ts";
import type { LibvirtServer } from "../../support/libvirt-server.ts";

const lifecycleProcedure = eventKinds.lifecycle.procedure;

function lifecycle(event: number, detail: number, callbackId: number): Buffer {
  return Buffer.concat([
    encode(i32, callbackId),
    encode(eventKinds.lifecycle.body, { domain: instance, event, detail }),
  ]);
}

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

  it("are emitted once if an earlier registration was given up, but not by the server", async (t) => {
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
