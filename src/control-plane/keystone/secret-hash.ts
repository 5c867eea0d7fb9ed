import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { KeystoneFault } from "./fault.ts";

/** Of scrypt (RFC 7914), with a block size of 8. */
interface Cost {
  /** Its N: so many KiB of memory. */
  readonly memory: number;
  /** Its p: how often it passes through that memory, one time after the other. */
  readonly passes: number;
}

/**
 * Some 80 ms of a core. Who guesses passwords has as much to do as at scrypt's usual 16 MiB in one pass (memory × time), and a login needs
 * 8 MiB.
 */
const current: Cost = { memory: 8192, passes: 4 };
/** Of hashes written without their cost, by control planes before schema 3. */
const earlier: Cost = { memory: 1024, passes: 1 };
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
  const key = await derive(secret, salt, current, patience);
  const { memory, passes } = current;
  return `scrypt$${memory}$${passes}$${salt.toString("base64url")}$${key.toString("base64url")}`;
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
  return workOf(read(hash).cost) < workOf(current);
}

/** Memory × time. */
const workOf = ({ memory, passes }: Cost): number => memory * memory * passes;

/** How tokens are kept: they are long and random, so a plain digest is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Of `scrypt$MEMORY$PASSES$SALT$KEY`, or without passes, or without both, as earlier ones were written. */
function read(hash: string | undefined): { readonly salt: Buffer; readonly key: Buffer; readonly cost: Cost } {
  const [, ...parts] = (hash ?? `scrypt$${current.memory}$${current.passes}$$`).split("$");
  const [salt = "", key = ""] = parts.splice(-2);
  const [memory, passes = 1] = parts.map(Number);
  const cost = memory === undefined ? earlier : { memory, passes };
  return { salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url"), cost };
}

const waiting: (() => void)[] = [];
let running = 0;

async function derive(secret: string, salt: Buffer, cost: Cost, { always = false }: Patience): Promise<Buffer> {
  if (!always && waiting.length >= mostWaiting) {
    throw new KeystoneFault(503, `Too many logins at once; try again in ${retryAfter} s.`, retryAfter);
  }
  while (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await new Promise((resolve, reject) => {
      const { memory: N, passes: p } = cost;
      scrypt(secret, salt, keyBytes, { N, r: 8, p }, (error, key) => (error ? reject(error) : resolve(key)));
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
