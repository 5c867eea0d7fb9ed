import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestMd5 } from "../../../../src/libvirt/auth/digest-md5.ts";
import { Rc4 } from "../../../../src/libvirt/auth/rc4.ts";
import { scram } from "../../../../src/libvirt/auth/scram.ts";
import { AuthError, ProtocolError } from "../../../../src/libvirt/errors.ts";

const base = { realm: undefined, hostname: "localhost", needsLayer: false };

describe("SCRAM", () => {
  // RFC 5802, 5 and RFC 7677, 3.
  for (const vector of [
    {
      digest: "sha1" as const,
      nonce: "fyko+d2lbbFgONRv9qkxdawL",
      server: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      proof: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    },
    {
      digest: "sha256" as const,
      nonce: "rOprNGfwEbeRWgbNEkqO",
      server: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      final:
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      proof: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    },
  ]) {
    it(`speaks as the RFC's example does (${vector.digest})`, async () => {
      const begin = { ...base, username: "user", password: "pencil", nonce: vector.nonce };
      const exchange = scram(vector.digest).begin(begin);
      assert.equal(exchange.initial?.toString(), `n,,n=user,r=${vector.nonce}`);
      assert.equal((await exchange.respond(Buffer.from(vector.server)))?.toString(), vector.final);
      assert.equal(exchange.satisfied, false);
      await exchange.respond(Buffer.from(vector.proof));
      assert.equal(exchange.satisfied, true);
    });
  }

  // Fewer give the password away (RFC 7677, 4), more keep this side busy for ever; only digits are a number (RFC 5802, 7).
  for (const iterations of [
    ...["1", "4095", "0", "2000000000", "99999999999999999999", "1e6", "0x1000", "4096.0", "+4096", "-4096", " 4096"],
    ...["04096", "4096 ", "٤٠٩٦", "", "Infinity", "4_096"],
  ]) {
    it(`refuses ${JSON.stringify(iterations)} iterations`, { timeout: 60_000 }, async () => {
      for (const digest of ["sha1", "sha256"] as const) {
        const exchange = scram(digest).begin({ ...base, username: "u", password: "p", nonce: "n" });
        const challenge = Buffer.from(`r=n1,s=QUJD,i=${iterations}`);
        await assert.rejects(async () => await exchange.respond(challenge), /it has to be a number from 4096/);
      }
    });
  }

  it("refuses a server that names no number of iterations, or no salt", async () => {
    for (const challenge of ["r=n1,s=QUJD", "r=n1,i=4096", "r=n1,s=,i=4096"]) {
      const exchange = scram("sha256").begin({ ...base, username: "u", password: "p", nonce: "n" });
      await assert.rejects(async () => await exchange.respond(Buffer.from(challenge)), ProtocolError);
    }
  });

  it("shows the server's text on one line, cut to a limit", async () => {
    const begin = { ...base, username: "u", password: "p", nonce: "n" };
    const refused = scram("sha1").begin(begin);
    await refused.respond(Buffer.from("r=n1,s=QUJD,i=4096"));
    const message = Buffer.from("e=no\n2026-01-01 INFO all is well\u001b[2J");
    await assert.rejects(async () => await refused.respond(message), /login: no 2026-01-01 INFO all is well \[2J$/);
    const challenge = Buffer.from(`r=n1,s=QUJD,i=${"9".repeat(60_000)}\n`);
    await assert.rejects(
      async () => await scram("sha1").begin(begin).respond(challenge),
      (error: unknown) => error instanceof ProtocolError && error.message.length < 1200,
    );
  });

  it("escapes what would end a name", () => {
    const exchange = scram("sha1").begin({ ...base, username: "a=b,c", password: "p", nonce: "n" });
    assert.equal(exchange.initial?.toString(), "n,,n=a=3Db=2Cc,r=n");
  });
});

describe("RC4", () => {
  it("gives the key streams of RFC 6229", () => {
    const zeros = Buffer.alloc(16);
    assert.equal(
      new Rc4(Buffer.from("0102030405", "hex")).apply(zeros).toString("hex"),
      "b2396305f03dc027ccc3524a0a1118a8",
    );
    const key = Buffer.from("0102030405060708090a0b0c0d0e0f10", "hex");
    const cipher = new Rc4(key);
    assert.equal(cipher.apply(zeros).toString("hex"), "9ac7cc9a609d1ef7b2932899cde41b97");
    assert.equal(cipher.apply(zeros).toString("hex"), "5248c4959014126a6e8a84f11d1a9e1c");
  });
});

describe("DIGEST-MD5", () => {
  const options = { ...base, username: "nova", password: "s3cret", nonce: "OA6MHXh6VqTrRk" };
  const challenge = (qop: string, cipher: string) =>
    Buffer.from(
      `nonce="OA6MG9tEQGm2hh",realm="a \\"b\\"",qop="${qop}",cipher="${cipher}",maxbuf=65536,charset=utf-8,algorithm=md5-sess`,
    );

  it("computes the response that Python's hashlib gives for the same", () => {
    const message = digestMd5.begin(options).respond(challenge("auth", "rc4"))?.toString() ?? "";
    assert.match(message, /realm="a \\"b\\""/);
    assert.match(message, /digest-uri="libvirt\/localhost",response=576f4e191377f7dcd44427c508b6178d$/);
  });

  it("does without encryption only where nobody can listen in", () => {
    const needsLayer = { ...options, needsLayer: true };
    assert.throws(() => digestMd5.begin(needsLayer).respond(challenge("auth", "rc4")), AuthError);
    assert.throws(
      () => digestMd5.begin(needsLayer).respond(challenge("auth-conf", "3des,rc4-40")),
      /offers qop auth-conf, cipher 3des, rc4-40/,
    );
    assert.throws(() => digestMd5.begin(options).respond(challenge("auth-conf", "rc4")), AuthError);
    const exchange = digestMd5.begin(needsLayer);
    assert.match(
      exchange.respond(challenge("auth,auth-int,auth-conf", "des,rc4-56,rc4"))?.toString() ?? "",
      /qop=auth-conf,cipher=rc4,/,
    );
    assert.ok(exchange.layer);
  });

  it("does not trust a wrong rspauth", () => {
    const exchange = digestMd5.begin(options);
    exchange.respond(challenge("auth", ""));
    assert.throws(() => exchange.respond(Buffer.from(`rspauth=${"0".repeat(32)}`)), AuthError);
    assert.equal(exchange.satisfied, false);
  });

  it("does not read a challenge that no server would send", () => {
    // Reading these bytes took 18 s once, in which nothing else ran.
    const begun = digestMd5.begin(options);
    assert.throws(
      () => begun.respond(Buffer.alloc(65_536, "a")),
      /a challenge of 65536 bytes, where 2048 are the most/,
    );
  });

  it("refuses a maxbuf that leaves no room, or is no number", () => {
    for (const maxbuf of ["0", "16", "-1", "4x"]) {
      const text = challenge("auth-conf", "rc4").toString().replace("maxbuf=65536", `maxbuf=${maxbuf}`);
      const exchange = digestMd5.begin({ ...options, needsLayer: true });
      assert.throws(() => exchange.respond(Buffer.from(text)), ProtocolError, maxbuf);
    }
  });

  it("shows the server's offers on one line", () => {
    const text = 'nonce="n",algorithm=md5-sess,qop="auth\u0007\n",cipher="x"';
    assert.throws(
      () => digestMd5.begin({ ...options, needsLayer: true }).respond(Buffer.from(text)),
      (error: unknown) => error instanceof AuthError && !/\p{Cc}/u.test(error.message),
    );
  });
});
