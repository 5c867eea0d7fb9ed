import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Codec, decode, encode } from "../../../../src/libvirt/codec/codec.ts";
import { ProtocolError } from "../../../../src/libvirt/errors.ts";
import { decodeEvent, eventKinds } from "../../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../../src/libvirt/protocol/procedures.ts";
import { domain, domainStats, saslData, serverError } from "../../../../src/libvirt/protocol/shapes.ts";
import { assertProperty } from "../../../support/seeds.ts";

const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const uuid = fc.uuid();
/** Plain objects, as the codec makes them. */
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
const aDomain = record({ name: text, uuid, id: i32 });
const bytes = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value));

function roundTrips<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  assertProperty(
    fc.property(values, (value) => {
      const encoded = encode(codec, value);
      assert.equal(encoded.length % 4, 0);
      assert.deepEqual(decode(codec, encoded, "it"), value);
    }),
  );
}

describe("what libvirt's procedures carry", () => {
  it("comes back as it went: domains", () => roundTrips(domain, aDomain));

  it("comes back as it went: lists", () => {
    const result = record({ domains: fc.array(aDomain), count: fc.nat() });
    roundTrips<{ domains: readonly { name: string; uuid: string; id: number }[]; count: number }>(
      procedures.connectListAllDomains.result,
      result,
    );
  });

  it("comes back as it went: what may be absent", () => {
    roundTrips(procedures.connectOpen.args, record({ uri: fc.option(text, { nil: undefined }), flags: fc.nat() }));
    roundTrips(saslData, fc.option(bytes, { nil: undefined }));
  });

  it("comes back as it went: statistics of every type", () => {
    const value = fc.oneof(
      record({ type: fc.constant("int"), value: i32 }),
      record({ type: fc.constant("uint"), value: fc.nat() }),
      record({ type: fc.constant("llong"), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
      record({ type: fc.constant("ullong"), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
      record({ type: fc.constant("double"), value: fc.double({ noNaN: true }) }),
      record({ type: fc.constant("boolean"), value: fc.boolean() }),
      record({ type: fc.constant("string"), value: text }),
    );
    roundTrips<typeof domainStats extends Codec<infer T> ? T : never>(
      domainStats,
      record({ domain: aDomain, parameters: fc.array(record({ field: text, value })) }),
    );
  });

  it("is what libvirt puts on the wire", () => {
    // Worked out by hand from RFC 4506: length 3, "abc" and a pad byte, the raw uuid, −1.
    const uuid = "8339061d-60a7-41d7-9ba4-eef412c50df2";
    assert.equal(
      encode(domain, { name: "abc", uuid, id: -1 }).toString("hex"),
      `00000003${Buffer.from("abc\0").toString("hex")}8339061d60a741d79ba4eef412c50df2ffffffff`,
    );
    // SASL data is an array of char: four bytes for each, sign and all.
    assert.equal(encode(saslData, Buffer.of(1, 0xff)).toString("hex"), "000000000000000200000001ffffffff");
    assert.equal(encode(saslData, undefined).toString("hex"), "0000000100000000");
  });

  it("reads libvirt's errors, with or without a text", () => {
    const full = encode(serverError, { number: 42, domain: 10, message: "Domain not found" });
    assert.deepEqual(decode(serverError, full, "it"), { number: 42, domain: 10, message: "Domain not found" });
    const empty = Buffer.from("0000002a0000000a00000000", "hex");
    assert.deepEqual(decode(serverError, empty, "it"), { number: 42, domain: 10, message: "" });
  });

  it("refuses counts and lengths that the message cannot hold, without believing them first", () => {
    const huge = Buffer.from("ffffffff", "hex");
    assert.throws(() => decode(procedures.connectListAllDomains.result, huge, "the list"), /has only 0 bytes left/);
    assert.throws(() => decode(procedures.connectGetHostname.result, huge, "the name"), ProtocolError);
    assert.throws(() => decode(saslData, Buffer.concat([Buffer.alloc(4), huge]), "SASL"), ProtocolError);
    assert.throws(() => decode(procedures.connectOpen.args, Buffer.from("00000002", "hex"), "it"), /2 where 0 or 1/);
  });

  it("refuses a string that is longer than libvirt lets one be", () => {
    const longest = 4 * 1024 * 1024;
    const whole = encode(procedures.connectGetHostname.result, { hostname: "x".repeat(longest) });
    assert.equal(decode(procedures.connectGetHostname.result, whole, "it").hostname.length, longest);
    const longer = encode(procedures.connectGetHostname.result, { hostname: "x".repeat(longest + 1) });
    assert.throws(() => decode(procedures.connectGetHostname.result, longer, "it"), /its limit is 4194304/);
  });

  it("refuses what is cut short anywhere, and what is too long", () => {
    const value = { domains: [{ name: "instance-1", uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 3 }], count: 1 };
    const whole = encode(procedures.connectListAllDomains.result, value);
    for (let length = 0; length < whole.length; length++) {
      const part = whole.subarray(0, length);
      assert.throws(
        () => decode(procedures.connectListAllDomains.result, part, "it"),
        ProtocolError,
        `${length} bytes`,
      );
    }
    const longer = Buffer.concat([whole, Buffer.alloc(4)]);
    assert.throws(() => decode(procedures.connectListAllDomains.result, longer, "it"), /4 bytes too many/);
  });

  it("names a uuid that is none", () => {
    const args = { uuid: "instance-1" };
    assert.throws(() => encode(procedures.domainLookupByUuid.args, args), /not a UUID: "instance-1"/);
  });

  it("never makes anything but a value or a ProtocolError of any bytes", () => {
    const codecs: Codec<unknown>[] = Object.values(procedures).flatMap(({ args, result }) => [args, result]);
    const mostlyZero = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(255)), { maxLength: 120 });
    assertProperty(
      fc.property(fc.constantFrom(...codecs, serverError, domainStats), mostlyZero, (codec, values) => {
        try {
          decode(codec, Buffer.from(values), "it");
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("what libvirt's events carry", () => {
  const who = { name: "instance-1", uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 3 };
  const withCallback = (body: Buffer): Buffer => Buffer.concat([Buffer.alloc(4, 7), body]);

  function event<T>(kind: { readonly procedure: number; readonly body: Codec<T> }, body: T) {
    const received = decodeEvent(kind.procedure, withCallback(encode(kind.body, body)));
    assert.equal(received?.callbackId, 0x07070707);
    return received?.event;
  }

  it("is given in numbers and in libvirt's words", () => {
    assert.deepEqual(event(eventKinds.lifecycle, { domain: who, event: 5, detail: 5 }), {
      kind: "lifecycle",
      domain: who,
      event: 5,
      detail: 5,
      eventName: "STOPPED",
      detailName: "FAILED",
    });
    assert.deepEqual(event(eventKinds.watchdog, { domain: who, action: 3 }), {
      kind: "watchdog",
      domain: who,
      action: 3,
      actionName: "POWEROFF",
    });
    const disk = { domain: who, sourcePath: "/d.qcow2", deviceAlias: "virtio-disk0", action: 1 };
    assert.deepEqual(event(eventKinds.ioError, disk), { kind: "ioError", ...disk, actionName: "PAUSE" });
    assert.deepEqual(event(eventKinds.ioErrorReason, { ...disk, reason: "enospc" }), {
      kind: "ioErrorReason",
      ...disk,
      reason: "enospc",
      actionName: "PAUSE",
    });
  });

  it("is emitted for every kind", () => {
    const address = { family: 0, node: "::1", service: "5900" };
    const graphics = { domain: who, phase: 1, local: address, remote: address, authScheme: "none" };
    const subject = [{ type: "x509dname", name: "CN=x" }];
    const change = { domain: who, oldPath: undefined, newPath: "/new", deviceAlias: "virtio-disk0", reason: 0 };
    assert.deepEqual(event(eventKinds.reboot, { domain: who }), { kind: "reboot", domain: who });
    assert.deepEqual(event(eventKinds.controlError, { domain: who }), { kind: "controlError", domain: who });
    assert.deepEqual(event(eventKinds.rtcChange, { domain: who, offset: -3600n }), {
      kind: "rtcChange",
      domain: who,
      offset: -3600n,
    });
    assert.deepEqual(event(eventKinds.graphics, { ...graphics, subject }), { kind: "graphics", ...graphics, subject });
    assert.deepEqual(event(eventKinds.diskChange, change), { kind: "diskChange", ...change });
    assert.deepEqual(event(eventKinds.agentLifecycle, { domain: who, state: 2, reason: 2 }), {
      kind: "agentLifecycle",
      domain: who,
      state: 2,
      reason: 2,
      stateName: "DISCONNECTED",
    });
  });

  it("keeps numbers that are newer than this program", () => {
    const newer = event(eventKinds.lifecycle, { domain: who, event: 12, detail: 34 });
    assert.ok(newer?.kind === "lifecycle");
    assert.deepEqual([newer.eventName, newer.detailName], ["12", "34"]);
  });

  it("is passed over if the event is none of ours, refused if it cannot be read", () => {
    assert.equal(decodeEvent(9999, Buffer.alloc(3)), undefined);
    assert.throws(() => decodeEvent(eventKinds.lifecycle.procedure, Buffer.alloc(6)), ProtocolError);
  });
});
