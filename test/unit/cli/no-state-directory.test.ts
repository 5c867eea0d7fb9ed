import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { whyNoStateDirectory } from "../../../src/cli/state-directory.ts";

test("a state directory that cannot be examined is not reported as missing", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "no-state-"));
  context.after(() => rmSync(directory, { recursive: true }));
  assert.equal(whyNoStateDirectory(directory), undefined);
  assert.match(whyNoStateDirectory(join(directory, "none")) ?? "", /does not exist: no monitor has run here/);
  // ELOOP, which root gets too; a directory that may not be searched gives EACCES.
  symlinkSync("loop", join(directory, "loop"));
  assert.match(whyNoStateDirectory(join(directory, "loop")) ?? "", /cannot be read; run this as root .*ELOOP/);
});
