import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { DigestLayer, MAX_PACKET } from "../../../../src/libvirt/auth/digest-layer.ts";
import { Rc4 } from "../../../../src/libvirt/auth/rc4.ts";
import { ProtocolError } from "../../../../src/libvirt/errors.ts";

const sessionKey = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const keyBytes = 16;

type Way = "client-to-server" | "server-to-client";

function key(start: Buffer, end: string): Buffer {
  return createHash("md5").update(start).update(end).digest();
}

function mac(way: Way, sequence: number, plain: Buffer): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(sequence);
  const signing = key(sessionKey, `Digest session key to ${way} signing key magic constant`);
  return createHmac("md5", signing).update(number).update(plain).digest().subarray(0, 10);
}

function cipher(way: Way): Rc4 {
  return new Rc4(key(sessionKey.subarray(0, keyBytes), `Digest H(A1) to ${way} sealing key magic constant`));
}

interface Lie {
  readonly macOf?: Buffer;
  readonly macSequence?: number;
  readonly shownSequence?: number;
  readonly type?: number;
}

/** The server's side, as in RFC 2831 (2.3, 2.4); or not quite. */
class Server {
  readonly #seal = cipher("server-to-client");
  readonly #open = cipher("client-to-server");
  #sent = 0;

  packet(text: string, lie: Lie = {}): Buffer {
    const sequence = this.#sent++;
    const plain = Buffer.from(text);
    const checksum = mac("server-to-client", lie.macSequence ?? sequence, lie.macOf ?? plain);
    const sealed = this.#seal.apply(Buffer.concat([plain, checksum]));
    const ends = Buffer.alloc(10);
    ends.writeUInt32BE(sealed.length + 6, 0);
    ends.writeUInt16BE(lie.type ?? 1, 4);
    ends.writeUInt32BE(lie.shownSequence ?? sequence, 6);
    return Buffer.concat([ends.subarray(0, 4), sealed, ends.subarray(4)]);
  }

  /** What the packets of `bytes` hold, with their checksums held against it. */
  read(bytes: Buffer): Buffer[] {
    const plains: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at);
      const packet = bytes.subarray(at + 4, at + 4 + length);
      const opened = this.#open.apply(packet.subarray(0, -6));
      assert.equal(packet.readUInt16BE(length - 6), 1);
      assert.equal(packet.readUInt32BE(length - 4), plains.length);
      const plain = opened.subarray(0, -10);
      assert.deepEqual(opened.subarray(-10), mac("client-to-server", plains.length, plain));
      plains.push(plain);
      at += 4 + length;
    }
    return plains;
  }
}

const layer = (peerMax = MAX_PACKET) => new DigestLayer(sessionKey, keyBytes, peerMax);

describe("DIGEST-MD5's layer", () => {
  it("reads what the server seals, wherever the bytes are split", () => {
    const words = ["one", "", "three"];
    const server = new Server();
    const bytes = Buffer.concat(words.map((word) => server.packet(word)));
    for (let at = 0; at <= bytes.length; at++) {
      const reading = layer();
      const read = [...reading.unwrap(bytes.subarray(0, at)), ...reading.unwrap(bytes.subarray(at))];
      assert.deepEqual(read.map(String), words, `split at ${at}`);
    }
  });

  it("seals what the server reads, in packets that it can take", () => {
    const text = "0123456789".repeat(10);
    const plains = new Server().read(layer(40).wrap(Buffer.from(text)));
    assert.equal(Buffer.concat(plains).toString(), text);
    assert.ok(plains.every(({ length }) => length + 16 <= 40));
  });

  for (const [what, lie] of [
    ["the checksum of other bytes", { macOf: Buffer.from("other") }],
    ["a checksum with another number", { macSequence: 7 }],
    ["another number in clear", { shownSequence: 7 }],
    ["another message type", { type: 2 }],
  ] as const) {
    it(`refuses a packet with ${what}`, () => {
      assert.throws(() => [...layer().unwrap(new Server().packet("text", lie))], ProtocolError);
    });
  }

  it("refuses a packet that comes again, is left out, or had one bit turned", () => {
    const server = new Server();
    const [first, second] = [server.packet("first"), server.packet("second")];
    const reading = layer();
    assert.equal([...reading.unwrap(first)].join(), "first");
    assert.throws(() => [...reading.unwrap(first)], /changed on its way, or is out of order/);
    assert.throws(() => [...layer().unwrap(second)], /changed on its way, or is out of order/);
    for (let bit = 32; bit < first.length * 8; bit++) {
      const turned = Buffer.from(first);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => [...layer().unwrap(turned)], ProtocolError, `bit ${bit}`);
    }
  });

  it("refuses impossible lengths as soon as they are there", () => {
    for (const length of [0, 15, MAX_PACKET + 1, 0xffff_ffff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      assert.throws(() => [...layer().unwrap(bytes)], /not a SASL packet/, `length ${length}`);
    }
  });
});
