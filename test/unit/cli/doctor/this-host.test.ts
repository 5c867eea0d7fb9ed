import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configuration } from "../../../../src/cli/doctor/checks/configuration.ts";
import { judgeNode } from "../../../../src/cli/doctor/checks/node-version.ts";
import { processes } from "../../../../src/cli/doctor/checks/processes.ts";
import { shadowMode } from "../../../../src/cli/doctor/checks/shadow-mode.ts";
import { judgeFileSystem, stateDirectory } from "../../../../src/cli/doctor/checks/state-directory.ts";
import { judgeTime, timeSync } from "../../../../src/cli/doctor/checks/time-sync.ts";
import { tools } from "../../../../src/cli/doctor/checks/tools.ts";
import { killIfThere } from "../../../support/child.ts";
import { briefly, findingsOf } from "../../../support/doctor.ts";
import { processList } from "../../../support/process-monitor.ts";

const MB = 1024 * 1024;
const ext4 = { type: 0xef53, freeBytes: 5000 * MB, freeInodes: 100_000 };
const onlyProcesses = ["processmonitor"];

test("the state directory: memory, a container's own layer, a remote server, too little space", () => {
  const judge = (change: Partial<typeof ext4>) =>
    judgeFileSystem("/state", { ...ext4, ...change })
      .map(({ level, what }) => `${level}: ${what}`)
      .join("\n");
  assert.equal(judge({}), "");
  assert.equal(judge({ freeBytes: 64 * MB }), "");
  assert.match(judge({ type: 0x01021994 }), /^problem: \/state .* is on tmpfs$/);
  assert.match(judge({ type: 0x794c7630 }), /^problem: \/state .* is on overlay$/);
  assert.match(judge({ type: 0x6969 }), /^problem: \/state .* is on NFS$/);
  assert.match(judge({ freeBytes: 63 * MB }), /^problem: the disk of \/state has 63 MB left$/);
  assert.match(judge({ freeInodes: 3 }), /^problem: the disk of \/state has 3 inodes left$/);
  const [overlay] = judgeFileSystem("/state", { ...ext4, type: 0x794c7630 });
  assert.ok(overlay?.level === "problem" && /mount a volume at \/state/.test(overlay.fix));
});

test("a state directory in memory, and one that anybody may write to", async () => {
  const inMemory = await findingsOf([stateDirectory], onlyProcesses, () => ({
    "x.conf": "[DEFAULT]\nstate_path = /dev/shm/masakari-none\n",
  }));
  assert.match(briefly(inMemory).join("\n"), /^problem: \/dev\/shm\/masakari-none .* is on tmpfs$/m);
  const open = await findingsOf([stateDirectory], onlyProcesses, (directory) => {
    chmodSync(directory, 0o777);
    return { "x.conf": `[DEFAULT]\nstate_path = ${directory}\n` };
  });
  assert.match(briefly(open).join("\n"), /^problem: .* cannot be used: .* is writable for others \(mode 0777\)$/m);
});

test("a state directory that is there and cannot be looked at is no directory that is to be made", async () => {
  const found = await findingsOf([stateDirectory], onlyProcesses, (directory) => {
    symlinkSync(join(directory, "loop"), join(directory, "loop"));
    return { "x.conf": `[DEFAULT]\nstate_path = ${directory}/loop/state\n` };
  });
  assert.match(briefly(found).join("\n"), /^problem: .*ELOOP/);
});

test("entries of the process list: one that runs, one that nothing matches, one that only contains the name, a pidfile of nothing", async (t) => {
  // Not this process's child, which would count as its own.
  const start = "(exec -a an-unlike-program sleep 900 </dev/null >/dev/null 2>&1) & echo $!";
  const other = Number(execFileSync("/bin/bash", ["-c", start], { encoding: "utf8" }));
  t.after(() => killIfThere(other));
  const list = [
    { process_name: process.execPath },
    { process_name: "/usr/bin/no-such-service" },
    { process_name: "unlike" },
    { process_name: "pidfiled", extra: { pidfile: "/nonexistent/pid" } },
  ];
  const found = await findingsOf([processes], onlyProcesses, (directory) => ({
    "x.conf": `[process]\nprocess_list_path = ${directory}/list.yaml\n`,
    "list.yaml": processList(list),
  }));
  const text = briefly(found).join("\n");
  assert.match(text, /^problem: \/usr\/bin\/no-such-service: nothing that runs matches it$/m);
  assert.match(text, /^problem: pidfiled: .*\/nonexistent\/pid/m);
  assert.doesNotMatch(text, new RegExp(`${process.execPath}: nothing`));
  assert.match(text, /^warning: unlike: no program of this name runs; pid \d+ has the name in its command line/m);
  assert.match(text, /^ok: running: 1 of 4 entries$/m);
});

test("an empty process list, one that cannot be read, and a program that is not installed", async () => {
  const files = (list: string) => (directory: string) => ({
    "x.conf": `[process]\nprocess_list_path = ${directory}/list.yaml\n`,
    "list.yaml": list,
  });
  const empty = briefly(await findingsOf([processes], onlyProcesses, files("[]\n")));
  assert.match(empty.join("\n"), /^problem: .*list\.yaml has no entries$/);
  const broken = briefly(await findingsOf([processes], onlyProcesses, files("- process_name: [\n")));
  assert.match(broken.join("\n"), /^problem: .*list\.yaml/);
  const restart_command = "/usr/bin/no-such-program web";
  const entries = [
    { process_name: "web", restart_command, start_command: restart_command },
    { process_name: "db", restart_command },
  ];
  const missing = await findingsOf([tools], onlyProcesses, files(processList(entries)));
  assert.deepEqual(briefly(missing), ["problem: there is no program /usr/bin/no-such-program"], "once");
  assert.match(
    missing.map((one) => (one.level === "ok" ? "" : one.why)).join("\n"),
    /a command of web .*; a command of db/,
  );
});

test("what check-config finds: an error is a problem, with the secret in none", async () => {
  const found = await findingsOf([configuration], onlyProcesses, () => ({
    "x.conf": "[api]\npassword = s3cret\nauth_url = not a url\nregoin = x\n",
  }));
  const text = briefly(found).join("\n");
  assert.match(text, /^problem: .*auth_url/m);
  assert.match(text, /^warning: .*regoin/m);
  assert.doesNotMatch(JSON.stringify(found), /s3cret/);
});

test("shadow mode, in which nothing is sent, is a warning", async () => {
  const found = await findingsOf([shadowMode], onlyProcesses, () => ({ "x.conf": "[notifications]\nshadow = true\n" }));
  assert.deepEqual(briefly(found), ["warning: [notifications] shadow is set"]);
  assert.deepEqual(await findingsOf([shadowMode], onlyProcesses, () => ({ "x.conf": "" })), []);
});

test("Node's version and the kernel's clock", async () => {
  assert.equal(judgeNode("24.21.0").level, "ok");
  assert.equal(judgeNode("22.12.0").level, "problem");
  assert.equal(judgeTime({ isSynchronised: true, maxErrorS: 0.01 }).level, "ok");
  assert.equal(judgeTime({ isSynchronised: false, maxErrorS: 16 }).level, "warning");
  assert.equal(judgeTime(undefined).level, "warning");
  const [real] = await findingsOf([timeSync], onlyProcesses, () => ({ "x.conf": "" }));
  assert.notEqual(real?.level, "problem");
});
