import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AuthError, oneLine, ProtocolError } from "../errors.ts";
import type { Exchange, ExchangeOptions, Mechanism } from "./mechanism.ts";

type Digest = "sha1" | "sha256";

/** RFC 5802 and RFC 7677, without channel binding. */
export function scram(digest: Digest): Mechanism {
  return { offersLayer: false, begin: (options) => new ScramExchange(digest, options) };
}

/** No channel binding, no other identity to act as. */
const GS2_HEADER = "n,,";
/** RFC 7677, 4, and RFC 5802, 5.1: with fewer, whoever can pose as the server finds the password from our proof sooner. */
const FEWEST_ITERATIONS = 4096;
/** A server may not have us compute for ever. Cyrus's default is 4096. */
const MOST_ITERATIONS = 1_000_000;
const hashBytes = { sha1: 20, sha256: 32 } as const;
const derive = promisify(pbkdf2);

class ScramExchange implements Exchange {
  readonly initial: Buffer;
  readonly layer = undefined;
  satisfied = false;
  readonly #digest: Digest;
  readonly #options: ExchangeOptions;
  readonly #firstBare: string;
  #serverSignature: Buffer | undefined;

  constructor(digest: Digest, options: ExchangeOptions) {
    this.#digest = digest;
    this.#options = options;
    const name = options.username.replaceAll("=", "=3D").replaceAll(",", "=2C");
    this.#firstBare = `n=${name},r=${options.nonce}`;
    this.initial = Buffer.from(GS2_HEADER + this.#firstBare);
  }

  async respond(challenge: Buffer): Promise<Buffer | undefined> {
    const text = challenge.toString("utf8");
    if (this.satisfied) return undefined;
    if (this.#serverSignature !== undefined) return this.#verify(text, this.#serverSignature);
    const { nonce, salt, iterations } = this.#readFirst(text);
    const finalWithoutProof = `c=${Buffer.from(GS2_HEADER).toString("base64")},r=${nonce}`;
    const authMessage = `${this.#firstBare},${text},${finalWithoutProof}`;

    const length = hashBytes[this.#digest];
    const salted = await derive(this.#options.password, salt, iterations, length, this.#digest);
    const clientKey = this.#hmac(salted, "Client Key");
    const storedKey = createHash(this.#digest).update(clientKey).digest();
    const clientSignature = this.#hmac(storedKey, authMessage);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (clientSignature[at] ?? 0)));
    this.#serverSignature = this.#hmac(this.#hmac(salted, "Server Key"), authMessage);
    return Buffer.from(`${finalWithoutProof},p=${proof.toString("base64")}`);
  }

  #readFirst(text: string): { nonce: string; salt: Buffer; iterations: number } {
    const attributes = readAttributes(text);
    const nonce = attributes.get("r") ?? "";
    const iterations = readIterations(attributes.get("i") ?? "none");
    const salt = Buffer.from(attributes.get("s") ?? "", "base64");
    if (attributes.has("m")) throw new ProtocolError("SCRAM: the server wants an extension that is not known");
    if (!nonce.startsWith(this.#options.nonce) || nonce.length === this.#options.nonce.length) {
      throw new AuthError("SCRAM: the server's message does not belong to ours (its nonce does not begin with ours)");
    }
    if (salt.length === 0) throw new ProtocolError("SCRAM: the server names no salt");
    return { nonce, salt, iterations };
  }

  #verify(text: string, expected: Buffer): undefined {
    const attributes = readAttributes(text);
    const error = attributes.get("e");
    if (error !== undefined) throw new AuthError(`SCRAM: the server refuses the login: ${oneLine(error)}`);
    const given = Buffer.from(attributes.get("v") ?? "", "base64");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new AuthError(
        "SCRAM: the server did not prove that it knows the password: it may not be the one it claims to be",
      );
    }
    this.satisfied = true;
    return undefined;
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#digest, key).update(text).digest();
  }
}

/** A `posit-number` (RFC 5802, 7): digits alone. */
function readIterations(given: string): number {
  const iterations = /^[1-9][0-9]{0,9}$/.test(given) ? Number(given) : Number.NaN;
  if (iterations >= FEWEST_ITERATIONS && iterations <= MOST_ITERATIONS) return iterations;
  const limits = `it has to be a number from ${FEWEST_ITERATIONS} (RFC 7677) to ${MOST_ITERATIONS}`;
  if (iterations < FEWEST_ITERATIONS) {
    throw new AuthError(
      `SCRAM: the server's iteration count ${iterations} is too low to keep the password safe: ${limits}; raise scram_iteration_counter in the server's /etc/sasl2/libvirt.conf`,
    );
  }
  throw new ProtocolError(`SCRAM: the server's iteration count (${oneLine(given)}) cannot be used: ${limits}`);
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(",").map((pair) => [pair.slice(0, 1), pair.slice(2)]));
}
