import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));
/** As `bin/launch` starts the monitors, not the control plane: V8 takes what was compiled under the same flags only. */
const flagsOf = (script: string): string[] => /flags="(--jitless .*)"/.exec(script)?.[1]?.split(" ") ?? [];

test("V8 takes the code cache of each program that runs all the time, under the flags of the launcher", () => {
  const launch = readFileSync(fileURLToPath(new URL("../../bin/launch", import.meta.url)), "utf8");
  const bundles = readdirSync(join(dist, "parts")).filter((name) => name.endsWith(".js"));
  assert.equal(bundles.length, 6);
  const script = `
    const { readFileSync } = require("node:fs");
    const { compileBundle, codeCacheFile } = require(${JSON.stringify(join(dist, "run-bundle.cjs"))});
    const files = ${JSON.stringify(bundles.map((name) => join(dist, "parts", name)))};
    const refused = files.filter((file) => {
      const both = readFileSync(codeCacheFile(file));
      return compileBundle(file, both.subarray(0, both.length / 2)).cachedDataRejected !== false;
    });
    process.stdout.write(JSON.stringify(refused));`;
  const refused = execFileSync(process.execPath, [...flagsOf(launch), "-e", script], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(refused), []);
});
