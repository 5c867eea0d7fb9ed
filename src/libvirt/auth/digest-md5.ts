import { createHash } from "node:crypto";
import { AuthError, oneLine, ProtocolError } from "../errors.ts";
import type { SecurityLayer } from "../message-stream.ts";
import { DigestLayer, MAX_PACKET } from "./digest-layer.ts";
import type { Exchange, ExchangeOptions, Mechanism } from "./mechanism.ts";

/** RFC 2831, with its confidentiality layer where the stream needs one. */
export const digestMd5: Mechanism = {
  offersLayer: true,
  begin: (options) => new DigestExchange(options),
};

/** Ciphers that are spoken, best first, with the bytes of the session key that each takes. rc4-40 is too weak for libvirt. */
const ciphers = { rc4: 16, "rc4-56": 7 } as const;
/** RFC 2831, 2.1.1: a challenge is shorter. What is longer is not read, so that no server can keep this side busy. */
const LONGEST_CHALLENGE = 2048;
/** RFC 2831, 2.1.2: what a packet has beside its content, at the least; a `maxbuf` below it leaves room for nothing. */
const SMALLEST_PACKET = 17;
/** The first use of this nonce. */
const NONCE_COUNT = "00000001";

class DigestExchange implements Exchange {
  readonly initial = undefined;
  satisfied = false;
  layer: SecurityLayer | undefined;
  readonly #options: ExchangeOptions;
  #expected: string | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  respond(challenge: Buffer): Buffer | undefined {
    if (this.satisfied) return undefined;
    const directives = readDirectives(challenge);
    if (this.#expected !== undefined) {
      if (directives.get("rspauth")?.[0] !== this.#expected) {
        throw new AuthError(
          "DIGEST-MD5: the server did not prove that it knows the password: it may not be the one it claims to be",
        );
      }
      this.satisfied = true;
      return undefined;
    }
    return this.#response(directives);
  }

  #response(directives: Directives): Buffer {
    const { username, password, nonce: cnonce, hostname } = this.#options;
    const nonce = directives.get("nonce")?.[0];
    if (nonce === undefined || directives.get("algorithm")?.[0] !== "md5-sess") {
      throw new ProtocolError("DIGEST-MD5: the server's challenge cannot be used (no nonce, or not md5-sess)");
    }
    const realms = directives.get("realm") ?? [];
    const realm = this.#options.realm ?? realms[0] ?? "";
    const { qop, cipher } = this.#protection(directives);
    const uri = `libvirt/${hostname}`;

    const secret = md5(`${username}:${realm}:${password}`);
    const sessionKey = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}`)]));
    const zeros = qop === "auth" ? "" : `:${"0".repeat(32)}`;
    const proof = (method: string): string => {
      const a2 = md5(`${method}:${uri}${zeros}`).toString("hex");
      return md5(`${sessionKey.toString("hex")}:${nonce}:${NONCE_COUNT}:${cnonce}:${qop}:${a2}`).toString("hex");
    };
    this.#expected = proof("");
    if (cipher !== undefined) this.layer = new DigestLayer(sessionKey, ciphers[cipher], readMaxbuf(directives));
    const response = [
      ...(directives.get("charset")?.[0] === "utf-8" ? ["charset=utf-8"] : []),
      `username=${quoted(username)}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `cnonce=${quoted(cnonce)}`,
      `nc=${NONCE_COUNT}`,
      `qop=${qop}`,
      ...(cipher === undefined ? [] : [`cipher=${cipher}`, `maxbuf=${MAX_PACKET}`]),
      `digest-uri=${quoted(uri)}`,
      `response=${proof("AUTHENTICATE")}`,
    ];
    return Buffer.from(response.join(","));
  }

  /** No layer where the stream is private, encryption where it is not. */
  #protection(directives: Directives): { qop: "auth" | "auth-conf"; cipher: keyof typeof ciphers | undefined } {
    const offered = words(directives.get("qop")?.[0] ?? "auth");
    if (!this.#options.needsLayer) {
      if (!offered.includes("auth"))
        throw new AuthError(`DIGEST-MD5: the server wants qop ${oneLine(offered.join(", "))} on a private stream`);
      return { qop: "auth", cipher: undefined };
    }
    const server = words(directives.get("cipher")?.[0] ?? "");
    const cipher = (Object.keys(ciphers) as (keyof typeof ciphers)[]).find((name) => server.includes(name));
    if (!offered.includes("auth-conf") || cipher === undefined) {
      const there = oneLine(`qop ${offered.join(", ")}, cipher ${server.join(", ") || "none"}`);
      throw new AuthError(
        `DIGEST-MD5: plain TCP needs encryption with rc4, and the server offers ${there}; use qemu+tls`,
      );
    }
    return { qop: "auth-conf", cipher };
  }
}

type Directives = ReadonlyMap<string, readonly string[]>;

/** `name=value` or `name="value"`, comma-separated; a name may come again (realm). @throws ProtocolError */
function readDirectives(challenge: Buffer): Directives {
  if (challenge.length > LONGEST_CHALLENGE) {
    throw new ProtocolError(
      `DIGEST-MD5: a challenge of ${challenge.length} bytes, where ${LONGEST_CHALLENGE} are the most`,
    );
  }
  const text = challenge.toString("utf8");
  const directives = new Map<string, string[]>();
  for (const [, name = "", quotedValue, bare] of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]*))/g)) {
    const key = name.toLowerCase();
    const value = quotedValue?.replace(/\\(.)/gs, "$1") ?? bare ?? "";
    directives.set(key, [...(directives.get(key) ?? []), value]);
  }
  return directives;
}

/** Bytes that the server takes in one packet. @throws ProtocolError */
function readMaxbuf(directives: Directives): number {
  const text = directives.get("maxbuf")?.[0];
  if (text === undefined) return MAX_PACKET;
  const bytes = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (bytes < SMALLEST_PACKET)
    throw new ProtocolError(`DIGEST-MD5: the server's maxbuf cannot be used (${oneLine(text)})`);
  return bytes;
}

function words(list: string): string[] {
  return list.split(/[\s,]+/).filter((word) => word !== "");
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function md5(data: string | Buffer): Buffer {
  return createHash("md5").update(data).digest();
}
