import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/cli/monitors-main.ts", import.meta.url));

/** Runs `masakari-monitors control-plane` until it has printed where it is, then hands over; the process is gone when the test ends. */
export async function startControlPlaneProcess(
  context: TestContext,
  stateDir: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
) {
  const ports = ["--keystone-port", "0", "--masakari-port", "0"];
  const node = ["--disable-warning=ExperimentalWarning", main, "control-plane", "--state-dir", stateDir, ...ports];
  const child = spawn(process.execPath, [...node, ...args], { env: { ...process.env, ...env } });
  context.after(() => child.kill("SIGKILL"));
  let output = "";
  // Its output has been read by then, too.
  const exited = once(child, "close");
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
        if (/Log in with.*\n/.test(output)) resolve();
      });
    }
  });
  await Promise.race([ready, exited]);
  const stop = async () => {
    child.kill("SIGTERM");
    return (await exited)[0] as number | null;
  };
  const signal = (name: NodeJS.Signals) => child.kill(name);
  return { pid: child.pid, stop, signal, exited, output: () => output };
}

export function openrcValue(stateDir: string, name: string): string {
  const text = readFileSync(join(stateDir, "openrc"), "utf8");
  return new RegExp(`^export ${name}='(.*)'$`, "m").exec(text)?.[1]?.replaceAll("'\\''", "'") ?? "";
}
