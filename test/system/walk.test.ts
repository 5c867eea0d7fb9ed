import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const markdown = readFileSync(new URL("../../docs/walk.md", import.meta.url), "utf8");
const bin = fileURLToPath(new URL("../../bin", import.meta.url));
const MARK = "== end of command";

interface Step {
  readonly command: string;
  readonly expected: string[];
}

/** The commands of the document's console blocks, and the lines that each of them prints. */
function steps(): Step[] {
  const found: Step[] = [];
  for (const [, block = ""] of markdown.matchAll(/^```console\n([\s\S]*?)^```/gm)) {
    for (const line of block.trimEnd().split("\n")) {
      if (line.startsWith("$ ")) found.push({ command: line.slice(2), expected: [] });
      else found.at(-1)?.expected.push(line);
    }
  }
  return found;
}

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** `…`, and the blanks around it, stand for any text. */
const pattern = (line: string): RegExp =>
  new RegExp(
    `^${line
      .split(/\s*…\s*/)
      .map(literally)
      .join(".*")}$`,
  );

/** A compute host has a nova-compute of its own, and other tests start some. */
async function anotherNovaCompute(t: TestContext, folder: string): Promise<void> {
  const program = join(folder, "nova-compute");
  await writeFile(program, "#!/bin/sh\nsleep 900 & wait\n", { mode: 0o755 });
  const process = spawn(program, { stdio: "ignore", detached: true });
  t.after(() => process.pid !== undefined && kill(-process.pid, "SIGKILL"));
}

test("every command of docs/walk.md prints what the document shows", { timeout: 600_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "masakari-walk-"));
  t.after(() => rm(folder, { recursive: true }));
  await anotherNovaCompute(t, folder);
  const walk = steps();
  assert.ok(walk.length > 15);
  const script = [...walk.map(({ command }) => `${command}\necho '${MARK}'`), "exit 0"].join("\n");
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: "/nonexistent", TMPDIR: folder };
  const shell = spawn("bash", ["-c", `trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n${script}`], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  await new Promise((resolve) => shell.once("close", resolve));
  const printed = out.split(`${MARK}\n`);
  for (const [index, { command, expected }] of walk.entries()) {
    const lines = (printed[index] ?? assert.fail(`${command} was not reached: ${err}`)).split("\n").slice(0, -1);
    assert.equal(lines.length, expected.length, `${command}: ${lines.join("\n")}${err}`);
    for (const [at, line] of expected.entries()) assert.match(lines[at] ?? "", pattern(line), command);
  }
});
