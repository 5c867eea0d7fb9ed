import assert from "node:assert/strict";
import { randomBytes, scryptSync } from "node:crypto";
import { test } from "node:test";
import { hashSecret, isWeak, verifySecret } from "../../../../src/control-plane/keystone/secret-hash.ts";

/** As it was written by some version; `written` is what it writes of the cost. */
function hashed(secret: string, written: string, N: number, p: number): string {
  const salt = randomBytes(16);
  const key = scryptSync(secret, salt, 32, { N, r: 8, p });
  return `scrypt$${written}${salt.toString("base64url")}$${key.toString("base64url")}`;
}

test("a secret is verified by hashes of every version; those that are easier to guess are weak", async () => {
  const versions = [
    { hash: hashed("secret", "", 1024, 1), weak: true },
    { hash: hashed("secret", "4096$", 4096, 1), weak: true },
    { hash: hashed("secret", "16384$", 16_384, 1), weak: false },
    { hash: hashed("secret", "8192$3$", 8192, 3), weak: true },
    { hash: hashed("secret", "8192$4$", 8192, 4), weak: false },
    { hash: await hashSecret("secret"), weak: false },
  ];
  for (const { hash, weak } of versions) {
    assert.deepEqual(
      [await verifySecret("secret", hash), await verifySecret("Secret", hash), isWeak(hash)],
      [true, false, weak],
      hash,
    );
  }
  assert.equal(await verifySecret("secret", undefined), false);
});
