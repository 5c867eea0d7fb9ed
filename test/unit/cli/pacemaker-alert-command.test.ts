import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import { registerPacemakerAlertCommand } from "../../../src/cli/pacemaker-alert-command.ts";

test("a registration that Pacemaker refuses gives its reason and what to do, not a command line of XML", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "pacemaker-alert-"));
  const path = process.env.PATH;
  context.after(() => {
    process.env.PATH = path;
    rmSync(directory, { recursive: true });
  });
  process.env.PATH = directory;
  const register = async () => {
    const program = new Command();
    registerPacemakerAlertCommand(program, { write: () => undefined });
    await program.parseAsync(["pacemaker-alert", "--register"], { from: "user" });
  };
  const remedy = "Run this as root on a host where the Pacemaker cluster runs (crm_mon -1)";
  await assert.rejects(register(), { message: `not registered: there is no cibadmin here. ${remedy}` });
  // What cibadmin 2.1.5 writes on a host whose cluster is stopped.
  const lines =
    "Could not connect to the CIB: Transport endpoint is not connected\nInit failed, could not perform requested operations";
  writeFileSync(join(directory, "cibadmin"), `#!/bin/sh\necho '${lines}' >&2\nexit 102\n`, { mode: 0o755 });
  await assert.rejects(register(), { message: `not registered: ${lines.replace("\n", "; ")}. ${remedy}` });
});
