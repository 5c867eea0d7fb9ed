import {
  type Executable,
  type ProcessIdentity,
  type ProcessStat,
  type ProcTable,
  ProcTableError,
} from "../../src/system/proc-table.ts";

/** A process of a simulated host, and what it shows of itself. */
export interface SimulatedProcess extends ProcessIdentity {
  /** The command line as /proc has it, each argument ended by NUL. */
  raw: string;
  /** The name that the kernel keeps. */
  name: string;
  executable: Executable;
  readonly parent: number;
  readonly user: number;
}

/** A process table whose processes do what a test lets them do. */
export class SimulatedTable implements ProcTable {
  /** As root sees it; another user is not shown what processes execute. */
  seesExecutables: boolean = true;
  readonly #processes = new Map<number, SimulatedProcess>();

  /** `commandLine` as a shell would have it: words separated by blanks. */
  add(identity: ProcessIdentity, commandLine: string, more: Partial<SimulatedProcess> = {}): SimulatedProcess {
    const [program = ""] = commandLine.split(" ");
    const base = program.slice(program.lastIndexOf("/") + 1);
    const one: SimulatedProcess = {
      ...identity,
      raw: commandLine.replace(/ |$/g, "\0"),
      name: base.slice(0, 15),
      executable: { path: `/usr/bin/${base}`, file: `1:${base}` },
      parent: 1,
      user: 0,
      ...more,
    };
    this.#processes.set(one.pid, one);
    return one;
  }

  /** The process exists no more. */
  remove(pid: number): void {
    this.#processes.delete(pid);
  }

  /** The process, to let it show something else. */
  get(pid: number): SimulatedProcess | undefined {
    return this.#processes.get(pid);
  }

  pids(): number[] {
    return [...this.#processes.keys()];
  }

  commandLine(pid: number): string | undefined {
    return this.#processes.get(pid)?.raw;
  }

  stat(pid: number): ProcessStat | undefined {
    const one = this.#processes.get(pid);
    return (
      one && {
        pid,
        name: one.name,
        parent: one.parent,
        state: "S",
        threads: 1,
        exiting: false,
        startTime: one.startTime,
      }
    );
  }

  user(pid: number): number | undefined {
    return this.#processes.get(pid)?.user;
  }

  executable(pid: number): Executable | undefined {
    return this.seesExecutables ? this.#processes.get(pid)?.executable : undefined;
  }
}

/** The table as it is where /proc cannot be read from time to time. */
export function tableReadableIf(table: ProcTable, isReadable: () => boolean): ProcTable {
  const check = () => {
    if (!isReadable()) throw new ProcTableError("/proc", new Error("EMFILE"));
    return table;
  };
  return {
    pids: () => check().pids(),
    commandLine: (pid) => check().commandLine(pid),
    stat: (pid) => check().stat(pid),
    user: (pid) => check().user(pid),
    executable: (pid) => check().executable(pid),
  };
}
