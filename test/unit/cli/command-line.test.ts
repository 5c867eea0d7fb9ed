import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";

const programs = fileURLToPath(new URL("../../../bin/", import.meta.url));

async function ended(program: string, ...args: readonly string[]) {
  const command = new Child(join(programs, program), args);
  const { code } = await command.exited;
  return { code, output: command.output };
}

function newDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "command-line-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a wrong command line ends with 2, whatever 1 means to the command", async () => {
  for (const [program, ...args] of [
    ["masakari-monitors", "statu"],
    ["masakari-monitors", "status", "--nope"],
    ["masakari-monitors", "doctor", "--wait", "soon"],
    ["masakari-monitors", "replay"],
    ["masakari-monitors", "run", "--nope"],
    ["masakari-processmonitor", "--nope"],
  ] as const) {
    const { code, output } = await ended(program, ...args);
    assert.equal(code, 2, `${args.join(" ")}: ${output}`);
    assert.match(output, /^error: /);
  }
  for (const program of ["masakari-monitors", "masakari-processmonitor"]) {
    assert.equal((await ended(program, "--help")).code, 0);
    assert.equal((await ended(program, "--version")).code, 0);
  }
});

test("a name that no monitor has is an error that lists the names, not a monitor that does not run", async (context) => {
  const directory = newDirectory(context);
  const file = join(directory, "masakarimonitors.conf");
  writeFileSync(file, `[DEFAULT]\nstate_path = ${directory}\n`);
  for (const command of ["status", "armed", "list"]) {
    const { code, output } = await ended("masakari-monitors", command, "procesmonitor", "--config-file", file);
    assert.equal(code, 2, output);
    assert.match(output, /^error: no monitor procesmonitor; one of processmonitor, instancemonitor, /);
    const known = await ended("masakari-monitors", command, "masakari-processmonitor", "--config-file", file);
    assert.match(known.output, /^processmonitor.*not running/m, command);
  }
});

test("a configuration that cannot be read is an error: no command is about another state directory than was meant", async (context) => {
  const directory = newDirectory(context);
  mkdirSync(join(directory, "state"));
  const missing = join(directory, "none.conf");
  for (const command of [
    ["status"],
    ["armed"],
    ["list"],
    ["outbox"],
    ["explain"],
    ["compare"],
    ["recording", join(directory, "bug.rec")],
    ["arm"],
    ["disarm", "--reason", "test"],
    ["release", "--reason", "test"],
    ["pause", "--all", "--for", "1h", "--reason", "test"],
    ["resume", "--all"],
  ]) {
    const { code, output } = await ended("masakari-monitors", ...command, "--config-file", missing);
    assert.notEqual(code, 0, command.join(" "));
    assert.equal(output, `error: ${missing}: the configuration file does not exist\n`, command.join(" "));
  }
  const state = join(directory, "state");
  assert.match(
    (await ended("masakari-monitors", "status", "--config-file", state)).output,
    /^error: .*state: the conf/,
  );
  const { output } = await ended("masakari-monitors", "status", "--config-dir", missing);
  assert.equal(output, `error: ${missing}: the configuration directory does not exist\n`);
});
