import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inodeAt, isDisplaced } from "../../../src/system/same-inode.ts";
import { unreadable } from "../../support/unreadable-directory.ts";

function fileIn(context: TestContext): { readonly directory: string; readonly path: string } {
  const above = mkdtempSync(join(tmpdir(), "same-inode-"));
  context.after(() => rmSync(above, { recursive: true, force: true }));
  const directory = join(above, "directory");
  mkdirSync(directory);
  const path = join(directory, "file");
  writeFileSync(path, "");
  return { directory, path };
}

test("a file is displaced when it was deleted, moved with its directory, or replaced by a file or a symbolic link", (t) => {
  const changes: readonly ((path: string, directory: string) => void)[] = [
    (path) => rmSync(path),
    (_, directory) => renameSync(directory, `${directory}.old`),
    (_, directory) => {
      renameSync(directory, `${directory}.old`);
      writeFileSync(directory, "");
    },
    (path) => {
      renameSync(path, `${path}.old`);
      writeFileSync(path, "");
    },
    (path) => {
      renameSync(path, `${path}.old`);
      symlinkSync(`${path}.old`, path);
    },
  ];
  for (const change of changes) {
    const { directory, path } = fileIn(t);
    const inode = inodeAt(path);
    assert.equal(inode, statSync(path).ino);
    assert.equal(isDisplaced(path, inode), false);
    change(path, directory);
    assert.equal(isDisplaced(path, inode), true, String(change));
  }
});

test("a file that the system cannot look up is not displaced, and has no known inode", (t) => {
  const { directory, path } = fileIn(t);
  const inode = inodeAt(path);
  const restore = unreadable(directory);
  assert.throws(() => statSync(path), { code: "ELOOP" });
  assert.equal(isDisplaced(path, inode), false);
  assert.equal(inodeAt(path), undefined);
  restore();
  assert.equal(isDisplaced(path, inode), false);
  const tooLong = join(directory, "x".repeat(300));
  assert.equal(isDisplaced(tooLong, inode), false, "ENAMETOOLONG");
});
