import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { endOfRun, readEnd, whyUnreadable } from "../../../src/instance/qemu-log.ts";
import { cpuTimer } from "../../support/cpu-time.ts";

const never = new AbortController().signal;
// libvirt 9.0.0, QEMU 7.2.22, Debian 12.
const start =
  "2026-11-28 05:46:45.435+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4+deb12u2 (Debian), qemu version: 7.2.22Debian 1:7.2+dfsg-7, kernel: 6.1.0, hostname: compute1\nLC_ALL=C \\\n/usr/bin/qemu-system-x86_64 \\\n-name guest=i-1,debug-threads=on \\\n";
const end = (reason: string) => `2026-11-28 05:46:50.243+0000: shutting down, reason=${reason}\n`;
const signal = "2026-11-28T05:46:05.662987Z qemu-system-x86_64: terminating on signal 15 from pid 2446 (libvirtd)\n";
const ended = (reason: string, signal?: "before" | "after") => ({ kind: "ended", reason, signal });

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "qemu-log-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("the end of the last run counts, and whether QEMU was sent a signal in it", () => {
  for (const [log, expected] of [
    [start + end("crashed"), ended("crashed")],
    [start + signal + end("destroyed"), ended("destroyed", "before")],
    [start + end("crashed") + signal, ended("crashed", "after")],
    [start + end("crashed") + start + signal + end("shutdown"), ended("shutdown", "before")],
    [start + signal + end("destroyed") + start + end("from snapshot"), ended("from snapshot")],
    [end("crashed"), ended("crashed")],
    // A libvirtd that finds QEMU gone adds an end of its own.
    [start + signal + end("destroyed") + end("crashed"), ended("destroyed", "before")],
    // It runs, as far as this log goes.
    [start + end("crashed") + start, undefined],
    ["", undefined],
    // What a guest may have QEMU print is no line of libvirt's.
    [`${start}x ${end("crashed")}`, undefined],
    [`${start}2026-11-28 05:46:50.243+0000: shutting down, reason=crashed by a guest that says so \n`, undefined],
  ] as const) {
    assert.deepEqual(endOfRun(log), expected, log);
  }
});

test("a log of any size and content is read in a moment", async (t) => {
  const directory = folder(t);
  const lines = ["x", " ", "2026-", "2026-11-28 05:46:50.243+0000: ", "qemu: terminating on signal ", "\n", "\0"];
  for (const line of lines) {
    writeFileSync(join(directory, "i-1.log"), `${line.repeat(4 << 20)}\n${start}${end("crashed")}`.slice(-(8 << 20)));
    const used = cpuTimer();
    assert.deepEqual(await readEnd(directory, "i-1", never), ended("crashed"));
    assert.ok(used() < 3000, `${JSON.stringify(line)}: ${used()} ms`);
  }
});

test("a log that cannot be read gives the reason, and is not waited for", { timeout: 60_000 }, async (t) => {
  const directory = folder(t);
  const why = async (name: string): Promise<string> => {
    const read = await readEnd(directory, name, never);
    return read.kind === "unknown" ? read.why : `ended ${read.reason}`;
  };
  assert.match(await why("i-1"), /i-1\.log cannot be read \(ENOENT\)/);
  mkdirSync(join(directory, "dir.log"));
  assert.match(await why("dir"), /\(not a file\)/);
  execFileSync("mkfifo", [join(directory, "fifo.log")]);
  assert.match(await why("fifo"), /\(not a file\)/);
  writeFileSync(join(directory, "there.log"), start + end("crashed"));
  symlinkSync(join(directory, "there.log"), join(directory, "link.log"));
  assert.match(await why("link"), /\(ELOOP\)/);
  assert.match(await why("../there"), /not a valid file name/);
  assert.match(await why(`a\0b`), /not a valid file name/);
  assert.match(await why("x".repeat(5000)), /\(ENAMETOOLONG\)/);
  writeFileSync(join(directory, "started.log"), start);
  assert.match(await why("started"), /does not show how it ended/);
});

test("that logs cannot be read is known beforehand", async (t) => {
  const directory = folder(t);
  assert.equal(await whyUnreadable(directory), undefined, "none yet");
  writeFileSync(join(directory, "i-1.log"), start);
  assert.equal(await whyUnreadable(directory), undefined);
  assert.equal(await whyUnreadable(join(directory, "nowhere")), "ENOENT");
  if (process.getuid?.() === 0) return;
  chmodSync(join(directory, "i-1.log"), 0);
  assert.equal(await whyUnreadable(directory), "EACCES");
});
