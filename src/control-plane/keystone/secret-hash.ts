import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** 2 ms on a 2 GHz core, 1 MB: a login per monitor restart must not be felt, and the file is readable by its owner only. */
const cost: ScryptOptions = { N: 1024, r: 8, p: 1 };
const keyBytes = 32;

/** Hashes a password or an application credential's secret with a salt of its own. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(secret, salt);
  return `scrypt$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** Whether `secret` is the one that was hashed; takes the same time when there is no hash (an unknown user). */
export async function verifySecret(secret: string, hash: string | undefined): Promise<boolean> {
  const [, salt = "", key = ""] = (hash ?? "").split("$");
  const expected = Buffer.from(key, "base64url");
  const actual = await derive(secret, Buffer.from(salt, "base64url"));
  return expected.length === keyBytes && timingSafeEqual(actual, expected);
}

/** How tokens are kept: they are long and random, so a plain digest is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, keyBytes, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
