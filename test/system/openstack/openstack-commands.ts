import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { CommandOutcome } from "../../support/masakari-command.ts";

const script = fileURLToPath(new URL("python/openstack-commands.py", import.meta.url));

/** Commands of openstackclient, all in one process: each start of it takes seconds. */
export async function openstackCommands(
  commands: readonly (readonly string[])[],
  env: Readonly<Record<string, string>>,
): Promise<CommandOutcome[]> {
  const output = await outputOf("/usr/bin/python3", [script], env, JSON.stringify(commands));
  return JSON.parse(output) as CommandOutcome[];
}

/** What a program that succeeds writes. A suite's own servers may be in this process, so it must not wait synchronously. */
export async function outputOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = "",
): Promise<string> {
  const child = execFile(command, args, { env: { PATH: process.env.PATH, ...env }, timeout: 240_000 });
  child.stdin?.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.on("data", (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, "close");
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}
