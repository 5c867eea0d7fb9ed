import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { DriverParts } from "../../../src/host/driver.ts";
import { DriverError, openDriver } from "../../../src/host/drivers.ts";
import { systemClock } from "../../../src/system/system-clock.ts";
import { defaultConfig } from "../../support/default-config.ts";
import { KeptLog } from "../../support/kept-log.ts";

const parts: DriverParts = { clock: systemClock, log: new KeptLog(), hostname: "here", config: () => defaultConfig() };

/** Not in /tmp, which other users may write to. */
function moduleFile(context: TestContext, text: string): string {
  const folder = mkdtempSync(join(homedir(), ".host-driver-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "driver.mjs");
  writeFileSync(path, text);
  return path;
}

test("default and simple are Pacemaker", async () => {
  for (const name of ["default", "simple"]) assert.equal((await openDriver(name, parts)).name, "Pacemaker");
});

test("the path of a module is a driver too", async (context) => {
  const path = moduleFile(
    context,
    "export const createDriver = () => ({ name: 'Ours', sense: async () => {}, lookNow() {} });",
  );
  assert.equal((await openDriver(path, parts)).name, "Ours");
});

test("a module that other users may change is not loaded", async (context) => {
  const path = moduleFile(context, "throw new Error('it was loaded');");
  chmodSync(path, 0o666);
  await assert.rejects(
    openDriver(path, parts),
    (error: Error) => error instanceof DriverError && /writable for others/.test(error.message),
  );
});

const refused: Readonly<Record<string, string>> = {
  "export const other = 1;": "exports no function createDriver",
  "this is no JavaScript": "cannot be loaded",
};

for (const [text, reason] of Object.entries(refused)) {
  test(`a module refused: ${reason}`, async (context) => {
    await assert.rejects(openDriver(moduleFile(context, text), parts), new RegExp(reason));
  });
}

test("neither a driver's name nor an absolute path", async () => {
  for (const name of ["toString", "driver.mjs", ""]) await assert.rejects(openDriver(name, parts), DriverError);
  await assert.rejects(openDriver("/nonexistent/driver.mjs", parts), DriverError);
});
