import { ProtocolError } from "../errors.ts";

/** One message of libvirt's RPC: `u32 length` (of all of it), 24 bytes of header, payload (rpc/virnetprotocol.x). */
export interface Message {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** One of `messageType`. */
  readonly type: number;
  /** Chosen by the caller; the reply carries it. Events carry 1, unlike in the .x file: never match them by it. */
  readonly serial: number;
  /** One of `messageStatus`. */
  readonly status: number;
  readonly payload: Buffer;
}

export const messageType = { call: 0, reply: 1, message: 2 } as const;
export const messageStatus = { ok: 0, error: 1 } as const;

const LENGTH_BYTES = 4;
const SHOWN_BYTES = 40;
/** ContentType and the major version of a TLS record (RFC 8446, 5.1). */
const TLS_ALERT = 21;
const TLS_HANDSHAKE = 22;
const TLS_MAJOR = 3;
export const HEADER_BYTES = LENGTH_BYTES + 24;
/** VIR_NET_MESSAGE_MAX, with the length word. */
export const LONGEST_MESSAGE = 32 * 1024 * 1024 + LENGTH_BYTES;

/** @throws ProtocolError if it would be longer than libvirt takes */
export function encodeMessage(message: Message): Buffer {
  const length = HEADER_BYTES + message.payload.length;
  if (length > LONGEST_MESSAGE) {
    throw new ProtocolError(`a call of ${length} bytes is more than libvirt takes (${LONGEST_MESSAGE})`);
  }
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(message.program, 4);
  bytes.writeUInt32BE(message.version, 8);
  bytes.writeInt32BE(message.procedure, 12);
  bytes.writeInt32BE(message.type, 16);
  bytes.writeUInt32BE(message.serial, 20);
  bytes.writeInt32BE(message.status, 24);
  bytes.set(message.payload, HEADER_BYTES);
  return bytes;
}

function decodeMessage(bytes: Buffer): Message {
  return {
    program: bytes.readUInt32BE(4),
    version: bytes.readUInt32BE(8),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    payload: bytes.subarray(HEADER_BYTES),
  };
}

/**
 * Cuts a byte stream into pieces that begin with their length; the stream may arrive split anywhere. It holds at most one
 * incomplete piece, and refuses a length as soon as it is seen to be impossible.
 */
export class PieceReader {
  readonly #options: PieceOptions;
  /** The first `#held` bytes are of a piece that is not complete; the rest is room to grow into. */
  #buffer: Buffer = Buffer.alloc(0);
  #held = 0;

  constructor(options: PieceOptions) {
    this.#options = options;
  }

  /** The pieces that `chunk` completes, in order. @throws ProtocolError, and then nothing after it can be read */
  *push(chunk: Buffer): Generator<Buffer> {
    const bytes = this.#held === 0 ? chunk : this.#append(chunk);
    let at = 0;
    try {
      for (;;) {
        const available = bytes.length - at;
        if (available < LENGTH_BYTES) return;
        const length = this.#pieceLength(bytes, at);
        if (available < length) return;
        at += length;
        yield bytes.subarray(at - length, at);
      }
    } finally {
      // Also when whoever reads stops half-way.
      this.#keep(bytes, at);
    }
  }

  /** Holds what is left of `bytes` from `at` on; a copy, since what was given out shares their memory. */
  #keep(bytes: Buffer, at: number): void {
    if (at === 0 && this.#held > 0) return;
    this.#buffer = Buffer.from(bytes.subarray(at));
    this.#held = this.#buffer.length;
  }

  #pieceLength(bytes: Buffer, at: number): number {
    const { shortest, longest, lengthCountsItself, what } = this.#options;
    const length = bytes.readUInt32BE(at) + (lengthCountsItself ? 0 : LENGTH_BYTES);
    if (length >= shortest && length <= longest) return length;
    throw new ProtocolError(`not ${what}: ${described(bytes.subarray(at, at + SHOWN_BYTES), length)}`);
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#held + chunk.length;
    if (length > this.#buffer.length) {
      // Doubling, so that a message that comes byte by byte is not copied once for each byte.
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      this.#buffer.copy(grown, 0, 0, this.#held);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#held);
    this.#held = length;
    return this.#buffer.subarray(0, length);
  }
}

export interface PieceOptions {
  readonly what: string;
  /** Bytes of a whole piece with its length word. */
  readonly shortest: number;
  readonly longest: number;
  readonly lengthCountsItself: boolean;
}

/** For bytes that are not libvirt's protocol: another service's greeting or refusal shows best which service it is. */
function described(start: Buffer, length: number): string {
  const [type, major] = start;
  if ((type === TLS_ALERT || type === TLS_HANDSHAKE) && major === TLS_MAJOR) {
    return "the peer speaks TLS; with libvirt's TLS port the URI begins with qemu+tls://";
  }
  const text = /^[\x20-\x7e]{4,}/.exec(start.toString("latin1"))?.[0];
  if (text !== undefined) return `the peer sends ${JSON.stringify(text)}, so it is another service than libvirt`;
  const hex = start.subarray(0, LENGTH_BYTES).toString("hex");
  return `its length would be ${length} (bytes ${hex}). Is that a libvirt server?`;
}

/** The messages of a stream. */
export class MessageReader {
  readonly #pieces = new PieceReader({
    what: "a libvirt message",
    shortest: HEADER_BYTES,
    longest: LONGEST_MESSAGE,
    lengthCountsItself: true,
  });

  *push(chunk: Buffer): Generator<Message> {
    for (const piece of this.#pieces.push(chunk)) yield decodeMessage(piece);
  }
}
