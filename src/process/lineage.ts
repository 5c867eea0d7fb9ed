import type { Executable, ProcessStat, ProcTable } from "../system/proc-table.ts";

export interface LineageParts {
  readonly table: ProcTable;
  /** This process. */
  readonly self: number;
  /** The commands that run for us now: they and what they have started so far are not the service. */
  readonly commands: ReadonlySet<number>;
}

/** What processes are apart from their command lines, and who is whose child: read only where it is asked, each process once per look. */
export class Lineage {
  readonly #parts: LineageParts;
  readonly #stats = new Map<number, ProcessStat | undefined>();
  readonly #executables = new Map<number, Executable | undefined>();

  constructor(parts: LineageParts) {
    this.#parts = parts;
  }

  stat(pid: number): ProcessStat | undefined {
    if (!this.#stats.has(pid)) this.#stats.set(pid, this.#parts.table.stat(pid));
    return this.#stats.get(pid);
  }

  executable(pid: number): Executable | undefined {
    if (!this.#executables.has(pid)) this.#executables.set(pid, this.#parts.table.executable(pid));
    return this.#executables.get(pid);
  }

  /**
   * This process, or below a command that runs for us. What a command has left behind is no longer below it; and where we are
   * process 1 of a container it is our child then, which is why being our child does not count.
   */
  isOurs(pid: number): boolean {
    const { self, commands } = this.#parts;
    if (pid === self) return true;
    return this.#line(pid).some((one) => commands.has(one) || (one === self && self !== 1));
  }

  isAncestor(pid: number): boolean {
    return this.#line(this.#parts.self).includes(pid);
  }

  /** The process and those above it. */
  #line(pid: number): readonly number[] {
    const line: number[] = [];
    for (let next = pid; next > 0 && !line.includes(next); next = this.stat(next)?.parent ?? 0) line.push(next);
    return line;
  }
}
