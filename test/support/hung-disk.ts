import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadLibc } from "../../src/system/libc.ts";

const MNT_FORCE = 1;
const MNT_DETACH = 2;

/**
 * A file system that never responds, as one of a server that is gone: of FUSE, whose server this process is and is not. Every look at it
 * waits until the test has ended.
 * @returns where it is; undefined where this user cannot mount one: the test is skipped then
 */
export function hungDisk(context: TestContext): string | undefined {
  const path = mkdtempSync(join(tmpdir(), "masakari-hung-"));
  const libc = loadLibc();
  const mount = libc.func("int mount(str source, str target, str type, ulong flags, str data)");
  let fd: number | undefined;
  try {
    fd = openSync("/dev/fuse", "r+");
    const options = `fd=${fd},rootmode=40000,user_id=0,group_id=0,allow_other`;
    if (mount("hung", path, "fuse", 0, options) !== 0) throw new Error("refused");
  } catch {
    if (fd !== undefined) closeSync(fd);
    rmSync(path, { recursive: true });
    context.skip("mounting a file system of FUSE needs root and /dev/fuse");
    return undefined;
  }
  const server = fd;
  context.after(() => {
    libc.func("int umount2(str target, int flags)")(path, MNT_FORCE | MNT_DETACH);
    closeSync(server);
    rmSync(path, { recursive: true });
  });
  return path;
}
