import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Child, type ChildOptions } from "./child.ts";

/**
 * A directory for processes of a test. They end with the test, and then it is removed: a monitor that runs creates its files again while they
 * are deleted, and a hook that was registered before another runs before it.
 */
export class ChildDirectory {
  readonly path: string;
  readonly #children: Child[] = [];

  constructor(context: TestContext, prefix: string) {
    this.path = mkdtempSync(join(tmpdir(), prefix));
    context.after(async () => {
      await Promise.all(this.#children.map((child) => child.stop("SIGKILL")));
      rmSync(this.path, { recursive: true, force: true });
    });
  }

  start(command: string, args: readonly string[], options?: ChildOptions): Child {
    const child = new Child(command, args, options);
    this.#children.push(child);
    return child;
  }
}
