import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Certificate } from "../../../src/system/certificate-files.ts";
import { CertificateRenewal } from "../../../src/system/certificate-renewal.ts";
import { Certificates } from "../../support/certificates.ts";
import { eventually } from "../../support/eventually.ts";
import { KeptLog } from "../../support/kept-log.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** As certbot has it: `live/` has symbolic links into `archive/`, which are replaced at each renewal. */
function letsEncrypt(t: TestContext) {
  const files = new Certificates();
  t.after(() => files[Symbol.dispose]());
  const live = join(files.folder, "live");
  mkdirSync(live);
  const link = (target: string, name: string) => {
    const temporary = join(live, `.${name}`);
    symlinkSync(target, temporary);
    renameSync(temporary, join(live, name));
  };
  return { files, live, link };
}

async function watched(t: TestContext) {
  const { files, live, link } = letsEncrypt(t);
  const first = files.issue("first", "IP:127.0.0.1");
  link(first.cert, "fullchain.pem");
  link(first.key, "privkey.pem");
  const clock = new VirtualClock();
  const log = new KeptLog();
  const used: Certificate[] = [];
  let problem: string | undefined = "not read yet";
  const names = { cert: "tls_cert_file", key: "tls_key_file" };
  const renewal = new CertificateRenewal({
    files: { certFile: join(live, "fullchain.pem"), keyFile: join(live, "privkey.pem"), names },
    clock,
    log,
    onProblem: (now) => {
      problem = now;
    },
  });
  const begin = await renewal.read();
  const stop = new AbortController();
  const watching = renewal.watch((certificate) => used.push(certificate), stop.signal);
  t.after(async () => {
    stop.abort();
    await watching;
  });
  /** One look, which reads real files. */
  const look = async (): Promise<void> => {
    await clock.advance(10_000);
    await eventually("the next look is due", 60_000, () => Promise.resolve(clock.timers === 1 || undefined));
  };
  return { files, live, link, first, begin, log, used, look, problem: () => problem };
}

test("symbolic links that are swapped one after the other are a renewal once both are, without a word in between", async (t) => {
  const { files, link, used, look, problem, log } = await watched(t);
  assert.equal(problem(), undefined);
  await look();
  assert.equal(used.length, 0);
  const second = files.issue("second", "IP:127.0.0.1");
  link(second.cert, "fullchain.pem");
  await look();
  assert.deepEqual([used.length, problem()], [0, undefined]);
  link(second.key, "privkey.pem");
  await look();
  assert.equal(used.length, 1);
  assert.deepEqual(log.lines, ["info tls_cert_file: the renewed certificate is used from the next connection on"]);
});

test("files that stay bad, or away, are shown once, and what is right again ends it", async (t) => {
  const { files, live, link, first, used, look, problem, log } = await watched(t);
  rmSync(join(live, "privkey.pem"));
  for (let count = 0; count < 5; count++) await look();
  assert.match(problem() ?? "", /^tls_key_file: .*privkey.pem does not exist$/);
  writeFileSync(join(live, "privkey.pem"), "no key");
  for (let count = 0; count < 5; count++) await look();
  assert.match(problem() ?? "", /^tls_cert_file, tls_key_file: .* cannot be used: /);
  assert.equal(log.lines.length, 2, log.lines.join("\n"));
  link(first.key, "privkey.pem");
  await look();
  assert.deepEqual([problem(), used.length], [undefined, 0]);
  const second = files.issue("second", "IP:127.0.0.1");
  link(second.cert, "fullchain.pem");
  link(second.key, "privkey.pem");
  await look();
  assert.equal(used.length, 1);
});
