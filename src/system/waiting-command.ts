import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { lackForSpawn } from "./descriptors.ts";

type WaitingChild = ChildProcessByStdio<Writable, Readable, Readable> & { readonly pid: number };

/** It ends with its stdin, and so with this program. The command gets an empty stdin, as any other that is run. */
const SCRIPT = 'read -r line && exec "$@" </dev/null';

/**
 * A process that waits, and becomes a command when it is wanted. Node stands still for each process that it starts until that runs: on a
 * host without an idle CPU a command that must be quick is quicker by that if its process is there already.
 */
export class WaitingCommand {
  readonly #child: WaitingChild;
  #isWaiting = true;

  private constructor(child: WaitingChild) {
    this.#child = child;
    child.once("exit", () => {
      this.#isWaiting = false;
    });
    // Its own exit shows what it came to.
    child.stdin.on("error", () => undefined);
    this.#keepAlive("unref");
  }

  /**
   * @param env all of its environment
   * @returns undefined if no process can be started now
   */
  static start(words: readonly string[], env: NodeJS.ProcessEnv): WaitingCommand | undefined {
    if (lackForSpawn() !== undefined) return undefined;
    try {
      const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", ...words], {
        detached: true,
        stdio: ["pipe", "pipe", "pipe"],
        env,
      });
      child.on("error", () => undefined);
      return child.pid === undefined ? undefined : new WaitingCommand(child as WaitingChild);
    } catch {
      return undefined;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Called once when it has ended, be it as the command. */
  onceEnded(callback: () => void): void {
    this.#child.once("exit", callback);
  }

  /** The command begins. @returns its process, whose output nobody has read yet; undefined if it has ended */
  begin(): WaitingChild | undefined {
    if (!this.#isWaiting) return undefined;
    this.#isWaiting = false;
    this.#keepAlive("ref");
    this.#child.stdin.end("\n");
    return this.#child;
  }

  /** It is not wanted any more. */
  end(): void {
    if (this.#isWaiting) this.#child.kill("SIGKILL");
  }

  /** Whether this program runs for as long as it does. */
  #keepAlive(change: "ref" | "unref"): void {
    this.#child[change]();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) (stream as Socket)[change]();
  }
}
