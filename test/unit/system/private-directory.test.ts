import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makePrivateDirectory } from "../../../src/system/private-directory.ts";

function newDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "private-directory-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const NOBODY = 65534;
const needsRoot = { skip: process.geteuid?.() === 0 ? false : "only root can give a directory away" };

test("makes what is missing, for this user only, below a directory such as /tmp too", (context) => {
  const path = join(newDirectory(context), "a/b/c");
  makePrivateDirectory(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  makePrivateDirectory(path);
});

test("refuses a directory that others may write, or that is none", (context) => {
  const directory = newDirectory(context);
  for (const mode of [0o777, 0o775, 0o1777, 0o720]) {
    chmodSync(directory, mode);
    assert.throws(() => makePrivateDirectory(directory), /can be written by others \(mode \d{4}\); chmod 0700/);
  }
  chmodSync(directory, 0o700);
  writeFileSync(join(directory, "file"), "");
  assert.throws(() => makePrivateDirectory(join(directory, "file")), /file is not a directory/);
  assert.throws(() => makePrivateDirectory(join(directory, "file", "below")), /ENOTDIR|not a directory/);
});

test("refuses what a symbolic link stands for, and ways on which others may set one", (context) => {
  const directory = newDirectory(context);
  mkdirSync(join(directory, "real"));
  symlinkSync("real", join(directory, "link"));
  assert.throws(() => makePrivateDirectory(join(directory, "link")), /link is a symbolic link/);
  // Our own links on the way are as good as directories.
  makePrivateDirectory(join(directory, "link", "below"));
  symlinkSync("loop", join(directory, "loop"));
  assert.throws(() => makePrivateDirectory(join(directory, "loop", "below")), /ELOOP|too many symbolic links/);
  mkdirSync(join(directory, "open/ours"), { recursive: true });
  chmodSync(join(directory, "open"), 0o777);
  assert.throws(() => makePrivateDirectory(join(directory, "open/ours")), /open can be written by others/);
  chmodSync(join(directory, "open"), 0o1777);
  makePrivateDirectory(join(directory, "open/ours"));
});

test("refuses another user's directory, and another user's link or directory on the way", needsRoot, (context) => {
  const directory = newDirectory(context);
  for (const name of ["theirs", "way", "way/below", "target"]) mkdirSync(join(directory, name));
  for (const name of ["theirs", "way"]) chownSync(join(directory, name), NOBODY, NOBODY);
  symlinkSync("target", join(directory, "planted"));
  lchownSync(join(directory, "planted"), NOBODY, NOBODY);
  assert.throws(
    () => makePrivateDirectory(join(directory, "theirs")),
    /belongs to another user \(uid 65534, this is uid 0\)/,
  );
  assert.throws(() => makePrivateDirectory(join(directory, "way/below")), /way belongs to another user/);
  assert.throws(() => makePrivateDirectory(join(directory, "planted/below")), /planted belongs to another user/);
});

test("returns where nothing can be made", { timeout: 60_000 }, () => {
  assert.throws(() => makePrivateDirectory("/proc/no/such/directory"));
});
