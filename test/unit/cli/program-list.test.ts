import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { PORTS } from "../../../src/cli/metrics.ts";
import { monitorPrograms } from "../../../src/cli/programs/index.ts";
import { programNames } from "../../../src/config/readers.ts";

const root = new URL("../../../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { bin: Record<string, string> };
const names = Object.keys(monitorPrograms);

test("each monitor of the list is a command of the package, and nothing else is but the two tools", () => {
  const commands = [...names.map((name) => `masakari-${name}`), "masakari", "masakari-monitors"];
  assert.deepEqual(new Set(Object.keys(bin)), new Set(commands));
  for (const [command, file] of Object.entries(bin)) {
    assert.equal(file, `bin/${command}`);
    assert.equal(statSync(new URL(file, root)).mode & 0o111, 0o111, `${file} is executable`);
    assert.ok(statSync(new URL(`src/cli/${command.replace(/^masakari-/, "")}-main.ts`, root)).isFile());
  }
});

test("each monitor is named as it is listed, and check-config knows which sections it reads", async () => {
  for (const [name, load] of Object.entries(monitorPrograms)) {
    const program = await load();
    assert.equal(program.name, name);
    assert.equal(program.command, `masakari-${name}`);
    assert.ok(programNames.includes(name));
  }
});

test("each has a port of its own for its metrics", () => {
  assert.deepEqual(new Set(PORTS), new Set(names));
});
