import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { within } from "./eventually.ts";

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What /proc/PID/cmdline begins with, if not the program. */
  readonly argv0?: string;
  /** Also write its output to this file, for other processes to read. */
  readonly log?: string;
  /** What it gets when the test process dies; default TERM. */
  readonly deathSignal?: "TERM" | "KILL";
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process of the test: it dies with the test (parent death signal), and is only ever ended by its own pid. */
export class Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #process: ChildProcess;
  #output = "";
  #isClosed = false;
  #watchers = new Set<() => void>();

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
    // setpriv execs, so the pid is the program's own. A test run that is killed must not leave servers behind.
    const direct = options.argv0 !== undefined;
    this.#process = spawn(
      direct ? command : "/usr/bin/setpriv",
      direct ? args : ["--pdeathsig", options.deathSignal ?? "TERM", command, ...args],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...env, ...options.env },
        ...(options.argv0 === undefined ? {} : { argv0: options.argv0 }),
      },
    );
    if (this.#process.pid === undefined) throw new Error(`cannot start ${command}`);
    this.pid = this.#process.pid;
    this.exited = new Promise((resolve) => {
      this.#process.once("close", (code, signal) => {
        this.#isClosed = true;
        resolve({ code, signal });
      });
    });
    void this.exited.then(() => this.#changed());
    const log = options.log === undefined ? undefined : createWriteStream(options.log);
    void this.exited.then(() => log?.end());
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        this.#output += text;
        log?.write(text);
        this.#changed();
      });
    }
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Everything that it wrote so far to stdout and stderr, in the order of arrival. */
  get output(): string {
    return this.#output;
  }

  /** Does nothing if it has ended. Node may have reaped it and not have emitted that yet: of several that end at once, one is first. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /**
   * The first line matching `pattern` at or after `from` (an earlier `output.length`), as soon as it is written.
   * Fails, with the output, if the process ends or the deadline passes first.
   */
  async line(pattern: RegExp, withinMs: number, from = 0): Promise<string> {
    const found = () =>
      this.#output
        .slice(from)
        .split("\n")
        .slice(0, -1)
        .find((line) => pattern.test(line));
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = () => {
      const line = found();
      if (line !== undefined) resolve(line);
      // Not as soon as it has ended: what it wrote before may still be on its way.
      else if (this.#isClosed) reject(new Error(`ended before it wrote ${pattern}:\n${this.#output}`));
    };
    this.#watchers.add(look);
    look();
    try {
      return await within(`a line ${pattern}`, withinMs, promise);
    } catch (error) {
      throw new Error(`no line ${pattern} in:\n${this.#output.slice(from)}`, { cause: error });
    } finally {
      this.#watchers.delete(look);
    }
  }

  /** Asks with `first`, insists with SIGKILL after `graceMs`; resolves when it has ended and was reaped. */
  async stop(first: NodeJS.Signals = "SIGTERM", graceMs = 10_000): Promise<Exit> {
    this.signal(first);
    const insist = setTimeout(() => this.signal("SIGKILL"), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(insist);
    }
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}

/** For a teardown: a process that is not this one's child, and may have ended by itself. @param pid negative: its group */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs a program to its end; an exit status other than 0 is an error that shows what it wrote. */
export async function runToEnd(command: string, args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const child = new Child(command, args, options);
  const { code, signal } = await child.exited;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ended with ${signal ?? code}\n${child.output}`);
  return child.output;
}

/** A process called `argv0`, standing for a service; it ends by itself after a quarter of an hour. */
export function startNamedProcess(argv0: string): Child {
  // libuv returns from spawn only after the exec, so /proc shows the name from here on.
  return new Child("/bin/sleep", ["900"], { argv0 });
}
