import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { PieceReader } from "../codec/frame.ts";
import { ProtocolError } from "../errors.ts";
import type { SecurityLayer } from "../message-stream.ts";
import { Rc4 } from "./rc4.ts";

/** The largest packet that this side announces; RFC 2831's default. */
export const MAX_PACKET = 65_536;
const LENGTH_BYTES = 4;
const MAC_BYTES = 10;
/** Message type 0x0001 and a sequence number, in clear. */
const TRAILER_BYTES = 6;
const MESSAGE_TYPE = 1;

/**
 * DIGEST-MD5's confidentiality layer with RC4 (RFC 2831, 2.3 and 2.4): each packet is `u32 length`, then
 * RC4(plain, HMAC-MD5(sequence number, plain)[0..9]), then 0x0001 and the sequence number.
 */
export class DigestLayer implements SecurityLayer {
  readonly #seal: Direction;
  readonly #open: Direction;
  readonly #longestPlain: number;
  readonly #packets = new PieceReader({
    what: "a SASL packet",
    shortest: LENGTH_BYTES + MAC_BYTES + TRAILER_BYTES,
    longest: LENGTH_BYTES + MAX_PACKET,
    lengthCountsItself: false,
  });

  /** @param sessionKey H(A1) @param keyBytes of it that the cipher takes: 16 for rc4, 7 for rc4-56 @param peerMax its maxbuf, > 16 */
  constructor(sessionKey: Buffer, keyBytes: number, peerMax: number) {
    this.#seal = direction(sessionKey, keyBytes, "client-to-server");
    this.#open = direction(sessionKey, keyBytes, "server-to-client");
    this.#longestPlain = Math.min(peerMax, MAX_PACKET) - MAC_BYTES - TRAILER_BYTES;
  }

  wrap(plain: Buffer): Buffer {
    const packets: Buffer[] = [];
    for (let at = 0; at < plain.length; at += this.#longestPlain) {
      packets.push(this.#wrapOne(plain.subarray(at, at + this.#longestPlain)));
    }
    return Buffer.concat(packets);
  }

  *unwrap(chunk: Buffer): Generator<Buffer> {
    for (const packet of this.#packets.push(chunk)) yield this.#unwrapOne(packet);
  }

  #wrapOne(plain: Buffer): Buffer {
    const sequence = this.#seal.sequence++;
    const sealed = this.#seal.cipher.apply(Buffer.concat([plain, mac(this.#seal.macKey, sequence, plain)]));
    const packet = Buffer.allocUnsafe(LENGTH_BYTES + sealed.length + TRAILER_BYTES);
    packet.writeUInt32BE(sealed.length + TRAILER_BYTES, 0);
    packet.set(sealed, LENGTH_BYTES);
    packet.writeUInt16BE(MESSAGE_TYPE, packet.length - TRAILER_BYTES);
    packet.writeUInt32BE(sequence >>> 0, packet.length - 4);
    return packet;
  }

  #unwrapOne(packet: Buffer): Buffer {
    const sequence = this.#open.sequence++;
    const opened = this.#open.cipher.apply(packet.subarray(LENGTH_BYTES, packet.length - TRAILER_BYTES));
    const plain = opened.subarray(0, opened.length - MAC_BYTES);
    const right =
      timingSafeEqual(opened.subarray(plain.length), mac(this.#open.macKey, sequence, plain)) &&
      packet.readUInt16BE(packet.length - TRAILER_BYTES) === MESSAGE_TYPE &&
      packet.readUInt32BE(packet.length - 4) === sequence >>> 0;
    if (!right) throw new ProtocolError("a SASL packet was changed on its way, or is out of order");
    return plain;
  }
}

interface Direction {
  readonly cipher: Rc4;
  readonly macKey: Buffer;
  sequence: number;
}

function direction(sessionKey: Buffer, keyBytes: number, way: "client-to-server" | "server-to-client"): Direction {
  const sealing = `Digest H(A1) to ${way} sealing key magic constant`;
  const signing = `Digest session key to ${way} signing key magic constant`;
  return {
    cipher: new Rc4(md5(sessionKey.subarray(0, keyBytes), sealing)),
    macKey: md5(sessionKey, signing),
    sequence: 0,
  };
}

function md5(key: Buffer, constant: string): Buffer {
  return createHash("md5").update(key).update(constant).digest();
}

function mac(key: Buffer, sequence: number, plain: Buffer): Buffer {
  const number = Buffer.allocUnsafe(4);
  number.writeUInt32BE(sequence >>> 0);
  return createHmac("md5", key).update(number).update(plain).digest().subarray(0, MAC_BYTES);
}
