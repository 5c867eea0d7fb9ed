import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  encodeMessage,
  HEADER_BYTES,
  LONGEST_MESSAGE,
  type Message,
  MessageReader,
} from "../../../../src/libvirt/codec/frame.ts";
import { ProtocolError } from "../../../../src/libvirt/errors.ts";
import { assertProperty } from "../../../support/seeds.ts";

const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const message: fc.Arbitrary<Message> = fc.record({
  program: u32,
  version: u32,
  procedure: i32,
  type: i32,
  serial: u32,
  status: i32,
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

/** What a reader makes of a stream that comes in these pieces. */
function read(pieces: readonly Buffer[]): Message[] {
  const reader = new MessageReader();
  return pieces.flatMap((piece) => [...reader.push(piece)]);
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

const plain = (messages: readonly Message[]) => messages.map((m) => ({ ...m, payload: m.payload.toString("hex") }));

describe("libvirt messages out of a byte stream", () => {
  it("are the same wherever the bytes are split in two", () => {
    const messages = [1, 2, 3].map((serial) => ({
      program: 0x20008086,
      version: 1,
      procedure: 273,
      type: 1,
      serial,
      status: 0,
      payload: Buffer.alloc(serial * 8, serial),
    }));
    const bytes = Buffer.concat(messages.map(encodeMessage));
    for (let at = 0; at <= bytes.length; at++) {
      assert.deepEqual(plain(read([bytes.subarray(0, at), bytes.subarray(at)])), plain(messages), `split at ${at}`);
    }
  });

  it("are the same however the bytes are split", () => {
    assertProperty(
      fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, places) => {
        const bytes = Buffer.concat(messages.map(encodeMessage));
        assert.deepEqual(plain(read(cut(bytes, places))), plain(messages));
        assert.deepEqual(plain(read([...bytes].map((byte) => Buffer.of(byte)))), plain(messages));
      }),
    );
  });

  it("stay as they were when later bytes come", () => {
    const reader = new MessageReader();
    const bytes = encodeMessage({
      program: 1,
      version: 1,
      procedure: 1,
      type: 2,
      serial: 0,
      status: 0,
      payload: Buffer.from("first---"),
    });
    const [first] = reader.push(Buffer.concat([bytes, bytes.subarray(0, 10)]));
    const [second] = reader.push(Buffer.concat([bytes.subarray(10), Buffer.alloc(3, 0xff)]));
    assert.equal(first?.payload.toString(), "first---");
    assert.equal(second?.payload.toString(), "first---");
  });

  it("with an impossible length are refused as soon as the length is there", () => {
    for (const length of [0, 3, HEADER_BYTES - 1, LONGEST_MESSAGE + 1, 0xffff_ffff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      assert.throws(() => read([bytes]), ProtocolError, `length ${length}`);
    }
    assert.throws(
      () => read([Buffer.from("HTTP/1.1 400 Bad Request")]),
      /sends "HTTP\/1\.1 400 Bad Request", so it is another service/,
    );
  });

  it("are given out before what cannot be read after them", () => {
    const good = encodeMessage({
      program: 1,
      version: 1,
      procedure: 1,
      type: 1,
      serial: 9,
      status: 0,
      payload: Buffer.alloc(0),
    });
    const reader = new MessageReader();
    const seen: number[] = [];
    assert.throws(() => {
      for (const { serial } of reader.push(Buffer.concat([good, Buffer.alloc(8)]))) seen.push(serial);
    }, ProtocolError);
    assert.deepEqual(seen, [9]);
  });

  it("take memory in proportion to what has come, not to what is announced", () => {
    const reader = new MessageReader();
    const before = process.memoryUsage().arrayBuffers;
    const announced = Buffer.alloc(4);
    announced.writeUInt32BE(LONGEST_MESSAGE);
    [...reader.push(announced)];
    for (let count = 0; count < 1000; count++) [...reader.push(Buffer.alloc(1))];
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
  });

  it("never end in anything but messages or a ProtocolError, whatever the bytes", () => {
    assertProperty(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
        try {
          read(pieces.map((piece) => Buffer.from(piece)));
        } catch (error) {
          assert.ok(error instanceof ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
