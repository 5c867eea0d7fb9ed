import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Command } from "commander";
import { registerRecordingCommand } from "../../../../src/cli/recording/recording-command.ts";
import { uuidOfHash } from "../../../../src/cli/recording/uuid-of-hash.ts";
import { hashOf } from "../../../../src/introspective/guest.ts";
import { readRecording } from "../../../../src/monitor/recording/read.ts";
import { RecordedProgram } from "../../../support/recorded-program.ts";

async function record(program: RecordedProgram, ...argv: readonly string[]) {
  const result = { out: "", code: 0 };
  const write = (text: string): void => {
    result.out += text;
  };
  const command = new Command().exitOverride();
  registerRecordingCommand(command, {
    statePath: () => program.statePath,
    otherPlaces: () => [],
    out: { write },
    now: () => program.clock.now().wall,
    exit: (code) => {
      result.code = code;
    },
  });
  await command.parseAsync(["node", "masakari-monitors", "recording", ...argv]).catch((error: Error) => {
    write(`error: ${error.message}\n`);
  });
  return result;
}

/** A process that is named by its path, with a unit, dies. */
async function recorded(t: TestContext): Promise<RecordedProgram> {
  const program = new RecordedProgram(t);
  const restart_command = "systemctl restart acme-billing.service";
  program.start(["/opt/acme/acme-billing", { restart_command, start_command: "acme-start --now", user: "acme" }]);
  program.seen("/opt/acme/acme-billing", 12);
  await program.clock.advance(1000);
  const process = { pid: 12, startTime: 1 };
  program.observe({ kind: "exited", at: program.clock.now(), process, keys: ["/opt/acme/acme-billing"] });
  for (let step = 0; step < 60; step++) {
    await program.clock.advance(1000);
    program.seen("/opt/acme/acme-billing", undefined);
  }
  await program.recorder.close();
  return program;
}

const textOf = (path: string): string => [...readRecording([path])].map(({ text }) => text).join("\n");

test("the recording of a host becomes one private file, which is not written over another", async (t) => {
  const program = await recorded(t);
  const file = join(program.statePath, "bug.rec");
  const { out, code } = await record(program, file);
  assert.deepEqual([code, out], [0, `${file}: ${textOf(file).split("\n").length} records\n`]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(textOf(file).includes("acme-billing"));
  const again = await record(program, file);
  assert.deepEqual([again.code, again.out], [2, `error: ${file} exists already; give another name, or remove it\n`]);
  const nowhere = await record(program, join(program.statePath, "none", "bug.rec"));
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.out, /cannot be created: there is no such directory/);
});

test("--anonymise replaces every name, and the same decisions follow from it", async (t) => {
  const program = await recorded(t);
  const file = join(program.statePath, "bug.rec");
  const { out, code } = await record(program, file, "--anonymise");
  assert.equal(code, 0, out);
  assert.match(out, /: \d+ records, anonymised; replayed: it leads to the same decisions\n$/);
  const text = textOf(file);
  assert.ok(!/acme|compute-1/.test(text), /.{60}(acme|compute-1)/.exec(text)?.[0]);
  assert.ok(text.includes("systemctl restart unit-00001.service"));
});

test("a UUID has the rank and the hash that it is to have", () => {
  for (const uuid of ["6ba7b810-9dad-41d1-80b4-00c04fd430c8", "ffffffff-ffff-ffff-ffff-ffffffffffff", "vm-1", ""]) {
    const other = uuidOfHash(77, hashOf(uuid));
    assert.match(other, /^0000004d-0000-4000-8000-[0-9a-f]{12}$/);
    assert.equal(hashOf(other), hashOf(uuid));
  }
});

test("--anonymise also replaces what only errors name: other hosts, paths, the id of the boot; units and files keep their kind", async (t) => {
  const bootId = "0f0e0d0c-1111-4222-8333-444455556666";
  const program = new RecordedProgram(t, { bootId });
  program.start(["/opt/acme/acme-billing"]);
  const problems = [
    "getaddrinfo ENOTFOUND keystone.acme-corp.example",
    "EACCES: permission denied, open '/home/alice-acme/secret.conf'",
    "see acme-billing.service and /opt/acme/acme-billing",
    "getaddrinfo EAI_AGAIN acmekeystone",
    "could not be started: there is no acmectl (commands run without a shell)",
    "could not be started: /usr/bin/acmed is not executable by this user",
    "could not be started: acmeadm is not executable by this user",
    "the name in acme-virt:16509 cannot be resolved (ENOTFOUND): check the libvirt URI and DNS",
    "qemu+ssh://acmeuser@acme-box/system: closed; qemu+tls://acme-tls/system",
    "Could not find user: acaca0aca0aca0aca0aca0aca0aca0ac.",
  ];
  for (const problem of problems) {
    const sightings = [{ key: "/opt/acme/acme-billing", problem }];
    program.observe({ kind: "seen", at: program.clock.now(), sightings });
    await program.clock.advance(1000);
  }
  await program.recorder.close();
  const file = join(program.statePath, "bug.rec");
  const { out, code } = await record(program, file, "--anonymise");
  assert.equal(code, 0, out);
  const text = textOf(file);
  assert.ok(
    !/acme|alice|secret\.conf|0f0e0d0c|acaca0/.test(text),
    /.{60}(acme|alice|secret\.conf|0f0e0d0c|acaca0)/.exec(text)?.[0],
  );
  assert.match(text, /ENOTFOUND name-0000\d/);
  assert.match(text, /open '\/path\/00001'/);
});
