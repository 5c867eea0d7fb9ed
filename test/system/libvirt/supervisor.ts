import { readFileSync, writeSync } from "node:fs";
import { isMainThread, Worker } from "node:worker_threads";
import { loadLibc } from "../../../src/system/libc.ts";

/**
 * `node supervisor.ts COMMAND…`: the parent of a libvirtd and of the guests that it leaves behind, in a process of its own.
 * libvirtd emits a guest's death only once somebody has reaped its QEMU, and the first process of a container may take
 * seconds for that; so this one makes itself the child subreaper and reaps at once. SIGHUP starts the command (again),
 * SIGTERM kills everything and ends. It prints `started PID` and `reaped PID` on stdout.
 */
const PR_SET_CHILD_SUBREAPER = 36;
const STDOUT = 1;

const { func } = loadLibc();
const prctl = func("int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)");
const waitpid = func("int waitpid(int pid, _Out_ int *status, int options)");
// Not child_process: libuv waits for its own children, and would miss one that is reaped here.
const spawnp = func(
  "int posix_spawnp(_Out_ int *pid, const char *file, void *actions, void *attributes, const char **argv, const char **envp)",
);

const command = process.argv.slice(2);

function print(line: string): void {
  writeSync(STDOUT, `${line}\n`);
}

function start(): void {
  const pid: [number] = [0];
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const error = spawnp(pid, command[0], null, null, [...command, null], [...environment, null]) as number;
  print(error === 0 ? `started ${pid[0]}` : `cannot start ${command[0]}: error ${error}`);
}

function children(): number[] {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8")
    .split(" ")
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Kills what there is, and what that leaves behind, until there is nothing. */
function stop(): void {
  const left = children();
  if (left.length === 0) process.exit(0);
  for (const pid of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  setTimeout(stop, 5);
}

/**
 * Waits in a thread of its own: libvirtd looks whether the process is gone right after its monitor is closed, and if it
 * is not, looks again only 200 ms later.
 */
function reapForEver(): never {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const pid = waitpid(-1, [0], 0) as number;
    if (pid > 0) print(`reaped ${pid}`);
    // −1: there are no children at the moment.
    else Atomics.wait(pause, 0, 0, 10);
  }
}

if (isMainThread) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  process.on("SIGHUP", start);
  process.on("SIGTERM", stop);
  start();
  new Worker(new URL(import.meta.url));
} else {
  reapForEver();
}
