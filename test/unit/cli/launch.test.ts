import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";

test("where Node itself would crash for want of file descriptors, what to do is said instead", async () => {
  const program = fileURLToPath(new URL("../../../bin/masakari-processmonitor", import.meta.url));
  const child = new Child("prlimit", ["--nofile=20:20", program, "--version"]);
  const { code, signal } = await child.exited;
  // Root may raise the limit, and then nothing is to be said.
  if (code !== 0)
    assert.match(child.output, /20 open files are allowed, and at least 64 are needed: raise LimitNOFILE/);
  assert.equal(signal, null, child.output);
});

test("SIGUSR1 opens no debugger, which would be anybody's way to root", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "launch-"));
  const program = new Child(fileURLToPath(new URL("../../../bin/masakari-monitors", import.meta.url)), [
    ...["control-plane", "--state-dir", directory, "--keystone-port", "0", "--masakari-port", "0"],
  ]);
  context.after(async () => {
    await program.stop();
    rmSync(directory, { recursive: true });
  });
  await program.line(/Log in with/, 20_000);
  program.signal("SIGUSR1");
  // A debugger would be said before the program can end.
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
  assert.doesNotMatch(program.output, /Debugger/);
});
