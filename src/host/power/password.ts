import { promises } from "node:fs";
import { runCommand } from "../../system/exec.ts";
import { printable } from "../../system/printable.ts";
import { type PasswordSource, Secret } from "../fencing-device.ts";
import type { PowerCheckParts } from "./power-check.ts";

const LONGEST_PASSWORD = 1024;

/** The password cannot be read; the message gives the reason, never the password. */
export class PasswordError extends Error {
  readonly code = "BMC_PASSWORD";
}

/** @throws PasswordError */
export async function readPassword(
  source: PasswordSource,
  parts: PowerCheckParts,
  signal: AbortSignal,
): Promise<Secret> {
  switch (source.from) {
    case "value":
      return source.value;
    case "none":
      return new Secret("");
    case "unavailable":
      throw new PasswordError(`its password cannot be read: ${source.reason}`);
    case "file":
      return new Secret(firstLine(await readStart(source.path)));
    case "script":
      return await runScript(source.path, parts, signal);
  }
}

async function readStart(path: string): Promise<string> {
  try {
    const file = await promises.open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_PASSWORD), 0, LONGEST_PASSWORD, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new PasswordError(`its password cannot be read from ${printable(path)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** As fence-agents runs `password_script`: what it prints is the password. */
async function runScript(path: string, parts: PowerCheckParts, signal: AbortSignal): Promise<Secret> {
  const { outcome, code, summary, stdout } = await runCommand(
    [path],
    { asRoot: false, endOnAbort: true, ...parts },
    signal,
  );
  if (outcome === "exited" && code === 0) return new Secret(firstLine(stdout.text));
  throw new PasswordError(`its password script ${printable(path)} ${summary}`);
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? "";
