import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { TestContext } from "node:test";

/**
 * An ext4 of 32 MiB in a file, mounted on an existing directory, that a test can have hang: while it is frozen (fsfreeze(8))
 * whoever writes to it stays in the kernel, and no signal ends that, as on a disk that has lost its path. Nothing of the test
 * itself may write there meanwhile.
 */
export class FreezableDisk {
  readonly path: string;
  readonly #image: string;
  /** Thaws and unmounts when its input ends: when the test closes it, or is killed. */
  readonly #keeper: ChildProcess;

  private constructor(path: string) {
    this.path = path;
    this.#image = `${path}.img`;
    execFileSync("truncate", ["-s", "32M", this.#image]);
    execFileSync("mkfs.ext4", ["-q", "-F", "-m", "0", this.#image]);
    execFileSync("mount", ["-o", "loop", this.#image, path]);
    const script = `trap '' TERM INT HUP; cat >/dev/null; fsfreeze -u "$1" 2>/dev/null; umount -l "$1"`;
    this.#keeper = spawn("sh", ["-c", script, "sh", path], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  }

  /** @returns undefined where this user cannot mount one; the test is skipped then */
  static mounted(context: TestContext, path: string): FreezableDisk | undefined {
    if (process.getuid?.() === 0) return new FreezableDisk(path);
    context.skip("mounting a file system needs root");
    return undefined;
  }

  freeze(): void {
    execFileSync("fsfreeze", ["-f", this.path]);
  }

  thaw(): void {
    execFileSync("fsfreeze", ["-u", this.path]);
  }

  async close(): Promise<void> {
    const ended = once(this.#keeper, "exit");
    this.#keeper.stdin?.end();
    await ended;
    rmSync(this.#image, { force: true });
  }
}
