import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A file system of 512 KiB in memory, which a test can fill and make read-only. It goes with the test. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, "filler");
  }

  /** @returns undefined where this user cannot mount one; the test is skipped then */
  static mounted(context: TestContext): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), "masakari-disk-"));
    try {
      mount("-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", path);
    } catch {
      rmSync(path, { recursive: true });
      context.skip("mounting a small file system needs root");
      return undefined;
    }
    context.after(() => execFileSync("umount", ["-l", path]));
    // A monitor that still runs then creates its files again, below the mount.
    process.once("exit", () => rmSync(path, { recursive: true, force: true }));
    return new SmallDisk(path);
  }

  /** Leaves no byte. */
  fill(): void {
    try {
      execFileSync("dd", ["if=/dev/zero", `of=${this.#filler}`, "bs=1k"], { stdio: "ignore" });
    } catch {
      // dd fails when there is no more room: that is what is wanted.
    }
  }

  empty(): void {
    rmSync(this.#filler);
  }

  readOnly(): void {
    mount("-o", "remount,ro", this.path);
  }

  writable(): void {
    mount("-o", "remount,rw", this.path);
  }
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "ignore" });
}
