import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "../../../src/openstack/redact.ts";

const rows: readonly (readonly [secret: string, text: string, expected: string])[] = [
  ["S3cr3t!", "no S3cr3t! here, nor S3cr3t!s", "no *** here, nor ***s"],
  ['a"b', String.raw`{"password": "a\"b"}`, '{"password": "***"}'],
  // A password that is also a name stays in paths, host names and names: else the stars reveal what it is.
  ["masakari", "/var/lib/masakarimonitors on masakari.example, user masakari", ""],
  ["5000", "connect ECONNREFUSED 10.0.0.1:5000", ""],
  ["v3", "POST http://controller:5000/v3/auth/tokens", ""],
  ["secret", "the secret service", ""],
  [
    "masakari",
    '{"user": {"name": "masakari", "password": "masakari"}}',
    '{"user": {"name": "masakari", "password": "***"}}',
  ],
  ["masakari", "user=masakari&password=masakari&x=1", "user=masakari&password=***&x=1"],
  ["masakari", "<Password>masakari</Password>", "<Password>***</Password>"],
  ["nova1", "wrong password 'nova1' for nova1", "wrong password '***' for nova1"],
  ["nova", "password: nova2", ""],
  ["gAAAAABmasakari", "token gAAAAABmasakari and gAAAAABmasakari", "token *** and ***"],
  ["", "nothing", ""],
];

for (const [secret, text, expected] of rows) {
  test(`the secret ${JSON.stringify(secret)} in ${text}`, () => {
    assert.equal(redact(text, [secret]), expected === "" ? text : expected);
  });
}
