import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openStateFile } from "../../../src/notify/state-file.ts";
import { unreadable } from "../../support/unreadable-directory.ts";

test("a database whose disk has failed was not moved or deleted", (context) => {
  const above = mkdtempSync(join(tmpdir(), "unreadable-database-"));
  context.after(() => rmSync(above, { recursive: true, force: true }));
  const directory = join(above, "state");
  mkdirSync(directory);
  const file = openStateFile(join(directory, "processmonitor.sqlite"));
  context.after(() => file.close());
  const restore = unreadable(directory);
  assert.equal(file.displaced?.(), undefined);
  restore();
  assert.equal(file.displaced?.(), undefined);
});
