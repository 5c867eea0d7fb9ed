import assert from "node:assert/strict";
import { test } from "node:test";
import { digestMd5 } from "../../../src/libvirt/auth/digest-md5.ts";
import { scram } from "../../../src/libvirt/auth/scram.ts";
import { decode, encode } from "../../../src/libvirt/codec/codec.ts";
import { encodeMessage, HEADER_BYTES, LONGEST_MESSAGE, MessageReader } from "../../../src/libvirt/codec/frame.ts";
import { LibvirtError, oneLine, ProtocolError, ServerError } from "../../../src/libvirt/errors.ts";
import { decodeEvent, eventKinds } from "../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { domain } from "../../../src/libvirt/protocol/shapes.ts";
import { parseUri } from "../../../src/libvirt/uri.ts";
import { cpuTimer } from "../../support/cpu-time.ts";
import { Seeded } from "../../support/seeded.ts";

/** What one input may cost, ms: a hundred times what it does, and a hundredth of what work without a bound would. */
const BOUND_MS = 3000;
/** Of which texts are made that a pattern might stumble over. */
const PIECES = [
  "a",
  " ",
  "\\",
  '"',
  "=",
  ",",
  ":",
  "<",
  "[",
  "/",
  "@",
  "%",
  "-",
  "\n",
  "\t\r",
  "\u0000",
  "é",
  "😀",
  'a="',
  "r=n1,",
];

function inTime(what: string, work: () => void): void {
  const used = cpuTimer();
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof LibvirtError, `${what}: ${error}`);
    assert.ok(error.message.length < 3000, `${what}: a message of ${error.message.length} characters`);
  }
  assertQuick(what, used());
}

function assertQuick(what: string, ms: number): void {
  assert.ok(ms < BOUND_MS, `${what}: ${ms} ms of CPU time`);
}

function long(piece: string, bytes: number): string {
  return piece.repeat(Math.ceil(bytes / Buffer.byteLength(piece))).slice(0, bytes);
}

test("whatever text libvirt sends is read and shown in a moment", () => {
  for (const piece of PIECES) {
    const text = long(piece, 1_000_000);
    const shown = JSON.stringify(piece);
    inTime(`one line of ${shown}`, () => assert.ok(oneLine(text).length <= 1000));
    inTime(`an error of ${shown}`, () => {
      throw new ServerError("CALL", 38, 0, text);
    });
    inTime(`a URI of ${shown}`, () => parseUri(`qemu+tcp://${text}/system?${text}`));
    inTime(`a domain called ${shown}`, () => {
      const bytes = encode(domain, { name: text, uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 1 });
      assert.ok(decode(domain, bytes, "a domain").name.length <= 1000);
    });
  }
});

test("whatever a server sends as a challenge is answered or refused in a moment", async () => {
  const options = { username: "u", password: "p", nonce: "n", realm: undefined, hostname: "h" };
  for (const piece of PIECES) {
    for (const bytes of [2048, 65_536]) {
      for (const start of ["", "r=n1,s=QUJD,i=", 'nonce="', "nonce=x,algorithm=md5-sess,qop="]) {
        const challenge = Buffer.from(start + long(piece, bytes));
        for (const exchange of [
          scram("sha256").begin({ ...options, needsLayer: false }),
          digestMd5.begin({ ...options, needsLayer: true }),
        ]) {
          const used = cpuTimer();
          await Promise.resolve()
            .then(() => exchange.respond(challenge))
            .catch((error: unknown) => assert.ok(error instanceof LibvirtError, String(error)));
          assertQuick(`${JSON.stringify(start + piece)} × ${bytes}`, used());
        }
      }
    }
  }
});

test("a message of 32 MiB is read in linear time, however it is cut; a longer one is refused by its length", () => {
  const payload = Buffer.alloc(LONGEST_MESSAGE - HEADER_BYTES);
  const bytes = encodeMessage({ program: 1, version: 1, procedure: 1, type: 1, serial: 1, status: 0, payload });
  for (const chunk of [1448, 65_536, bytes.length]) {
    inTime(`in pieces of ${chunk}`, () => {
      const reader = new MessageReader();
      let messages = 0;
      for (let at = 0; at < bytes.length; at += chunk) {
        for (const _ of reader.push(bytes.subarray(at, at + chunk))) messages += 1;
      }
      assert.equal(messages, 1);
    });
  }
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32BE(LONGEST_MESSAGE + 1);
  assert.throws(() => [...new MessageReader().push(tooLong)], ProtocolError);
});

test("noise of any size in place of a response or an event is refused or read in a moment", () => {
  const random = new Seeded(1);
  for (const bytes of [0, 3, 4, 100, 65_536, 4 << 20]) {
    for (const fill of [0x00, 0x01, 0x7f, 0xff, undefined]) {
      const noise = Buffer.alloc(bytes, fill);
      if (fill === undefined) for (let at = 0; at < bytes; at++) noise[at] = random.between(0, 255);
      for (const procedure of Object.values(procedures)) {
        inTime(`${procedure.name}, ${bytes} × ${fill}`, () => decode<unknown>(procedure.result, noise, procedure.name));
      }
      for (const [name, kind] of Object.entries(eventKinds)) {
        inTime(`${name}, ${bytes} × ${fill}`, () => void decodeEvent(kind.procedure, noise));
      }
    }
  }
});
