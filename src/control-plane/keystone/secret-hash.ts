import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { KeystoneFault } from "./fault.ts";

/** scrypt's usual cost for a login: 16 MiB, and some 40 ms of a core. */
const cost = 16_384;
/** Of hashes written without their cost, by control planes before schema 3. */
const earlierCost = 1024;
const keyBytes = 32;
/** Hashed at once: more would cost memory and gain nothing. */
const atOnce = 2;
/** So many may wait, some two seconds; each login beyond them would only make all of them wait longer. */
const mostWaiting = 64;
/** When a login that was refused for that makes sense again, seconds. */
const retryAfter = 2;

/** Whoever is not refused, however many wait: the operator, at a start or SIGHUP. */
export interface Patience {
  readonly always?: boolean;
}

/**
 * Hashes a password or an application credential's secret with a salt of its own.
 * @throws KeystoneFault 503 if too many wait
 */
export async function hashSecret(secret: string, patience: Patience = {}): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(secret, salt, cost, patience);
  return `scrypt$${cost}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/**
 * Whether `secret` is the one that was hashed; takes the same time when there is no hash (an unknown user).
 * @throws KeystoneFault 503 if too many wait
 */
export async function verifySecret(
  secret: string,
  hash: string | undefined,
  patience: Patience = {},
): Promise<boolean> {
  const { salt, key, cost } = read(hash);
  const actual = await derive(secret, salt, cost, patience);
  return key.length === keyBytes && timingSafeEqual(actual, key);
}

/** Whether a hash was made at a lower cost than today's: to be made anew when the secret is next seen. */
export function isWeak(hash: string): boolean {
  return read(hash).cost < cost;
}

/** How tokens are kept: they are long and random, so a plain digest is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function read(hash: string | undefined): { readonly salt: Buffer; readonly key: Buffer; readonly cost: number } {
  const parts = (hash ?? `scrypt$${cost}$$`).split("$");
  const [salt = "", key = ""] = parts.slice(-2);
  const written = parts.length === 4 ? Number(parts[1]) : earlierCost;
  return { salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url"), cost: written };
}

const waiting: (() => void)[] = [];
let running = 0;

async function derive(secret: string, salt: Buffer, cost: number, { always = false }: Patience): Promise<Buffer> {
  if (!always && waiting.length >= mostWaiting) {
    throw new KeystoneFault(503, `Too many logins at once; try again in ${retryAfter} s.`, retryAfter);
  }
  while (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await new Promise((resolve, reject) => {
      scrypt(secret, salt, keyBytes, { N: cost, r: 8, p: 1 }, (error, key) => (error ? reject(error) : resolve(key)));
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
