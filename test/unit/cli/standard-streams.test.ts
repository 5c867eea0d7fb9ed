import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const directory = mkdtempSync(join(tmpdir(), "standard-streams-"));
after(() => rmSync(directory, { recursive: true }));
const configuration = join(directory, "m.conf");
writeFileSync(configuration, `[DEFAULT]\nstate_path = ${directory}\n`);

/** A command of each kind, of each program: all that write to standard output and end. */
const commands: readonly (readonly [string, readonly string[]])[] = [
  ["processmonitor", ["--help"]],
  ["instancemonitor", ["--version"]],
  ["introspectiveinstancemonitor", ["--help"]],
  ["monitors", ["help", "status"]],
  ["monitors", ["genconfig"]],
  ...["check-config", "status", "outbox"].map((name) => ["monitors", [name, "--config-file", configuration]] as const),
  ["masakari", ["--version"]],
];

function start(program: string, args: readonly string[], stdout: number | "pipe") {
  const main = fileURLToPath(new URL(`../../../src/cli/${program}-main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    stdio: ["ignore", stdout, "pipe"],
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, errors }));
  return { child, ended };
}

describe("a command whose output cannot be written", () => {
  for (const [program, args] of commands) {
    const shown = `${program} ${args.filter((one) => one !== configuration).join(" ")}`;
    test(`${shown}: a full disk is one line and an error; a reader that has gone is neither`, async () => {
      const full = openSync("/dev/full", "w");
      const onFull = await start(program, args, full).ended;
      closeSync(full);
      assert.notEqual(onFull.code, 0);
      const lines = onFull.errors.split("\n").filter((line) => line.includes("ENOSPC"));
      assert.equal(lines.length, 1, onFull.errors);
      assert.match(lines[0] ?? "", /^masakari[-a-z]*: the output cannot be written: /);

      const { child, ended } = start(program, args, "pipe");
      child.stdout?.destroy();
      const { errors } = await ended;
      for (const { text } of [onFull, { errors }].map((one) => ({ text: one.errors }))) {
        assert.doesNotMatch(text, /EPIPE|^ +at |Unhandled|node:/m);
      }
    });
  }
});
