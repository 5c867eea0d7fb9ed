import { ProtocolError } from "../errors.ts";

const WORD = 4;
/** REMOTE_STRING_MAX (remote_protocol.x), bytes. */
const LONGEST_STRING = 4_194_304;

/** Reads XDR (RFC 4506): big endian, every item padded to four bytes. A short or impossible item is a ProtocolError. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(WORD));
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.#take(WORD));
  }

  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(2 * WORD));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(2 * WORD));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(2 * WORD));
  }

  /** A view of `length` bytes, whose padding is skipped. */
  opaque(length: number): Buffer {
    const start = this.#take(length + padding(length));
    return this.#bytes.subarray(start, start + length);
  }

  /** UTF-8; a byte that is not becomes U+FFFD, since a guest may have put it there. */
  string(): string {
    const length = this.u32();
    if (length > LONGEST_STRING) {
      throw new ProtocolError(`libvirt's message has a string of ${length} bytes; its limit is ${LONGEST_STRING}`);
    }
    return this.opaque(length).toString("utf8");
  }

  /** A count of items, refused unless that many could be in what is left: a count is not to be believed. */
  count(bytesPerItem = WORD): number {
    const count = this.u32();
    if (count * bytesPerItem > this.remaining) {
      throw new ProtocolError(`libvirt's message names ${count} items, but has only ${this.remaining} bytes left`);
    }
    return count;
  }

  /** XDR's optional item: 0 for none, 1 for one; anything else is not XDR. */
  present(): boolean {
    const flag = this.u32();
    if (flag > 1) throw new ProtocolError(`libvirt's message has ${flag} where 0 or 1 belongs`);
    return flag === 1;
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new ProtocolError(`libvirt's message ends early: ${length} bytes wanted, ${this.remaining} left`);
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

/** Writes XDR; `finish` gives what was written. */
export class XdrWriter {
  #bytes = Buffer.alloc(256);
  #length = 0;

  u32(value: number): void {
    const at = this.#room(WORD);
    this.#bytes.writeUInt32BE(value, at);
  }

  i32(value: number): void {
    const at = this.#room(WORD);
    this.#bytes.writeInt32BE(value, at);
  }

  i64(value: bigint): void {
    const at = this.#room(2 * WORD);
    this.#bytes.writeBigInt64BE(value, at);
  }

  u64(value: bigint): void {
    const at = this.#room(2 * WORD);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.#room(2 * WORD);
    this.#bytes.writeDoubleBE(value, at);
  }

  opaque(value: Uint8Array): void {
    const at = this.#room(value.length + padding(value.length));
    this.#bytes.set(value, at);
  }

  string(value: string): void {
    const bytes = Buffer.from(value, "utf8");
    this.u32(bytes.length);
    this.opaque(bytes);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#length, 2 * this.#bytes.length));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    return start;
  }
}

function padding(length: number): number {
  return (WORD - (length % WORD)) % WORD;
}
