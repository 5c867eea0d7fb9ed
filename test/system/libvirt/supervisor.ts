import { readFileSync } from "node:fs";
import { loadLibc } from "../../../src/system/libc.ts";

/**
 * `node supervisor.ts COMMAND…`: the parent of a libvirtd and of the guests that it leaves behind, in a process of its own.
 * libvirtd tells that a guest died only once somebody has reaped its QEMU, and the first process of a container may take
 * seconds for that; so this one makes itself the child subreaper and reaps at once. SIGHUP starts the command (again),
 * SIGTERM kills everything and ends. It says `started PID` and `reaped PID` on stdout.
 */
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

const { func } = loadLibc();
const prctl = func("int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)");
const waitpid = func("int waitpid(int pid, _Out_ int *status, int options)");
// Not child_process: libuv waits for its own children, and would miss one that is reaped here.
const spawnp = func(
  "int posix_spawnp(_Out_ int *pid, const char *file, void *actions, void *attributes, const char **argv, const char **envp)",
);

const command = process.argv.slice(2);
let stopping = false;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function start(): void {
  const pid: [number] = [0];
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const error = spawnp(pid, command[0], null, null, [...command, null], [...environment, null]) as number;
  say(error === 0 ? `started ${pid[0]}` : `cannot start ${command[0]}: error ${error}`);
}

function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
    .split(" ")
    .map(Number)
    .filter((pid) => pid > 0);
}

function reap(): void {
  for (;;) {
    const status: [number] = [0];
    const pid = waitpid(-1, status, WNOHANG) as number;
    if (pid <= 0) {
      // −1: there are no children left.
      if (pid < 0 && stopping) process.exit(0);
      return;
    }
    say(`reaped ${pid}`);
  }
}

function stop(): void {
  stopping = true;
  for (const pid of children()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  reap();
}

prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
process.on("SIGCHLD", reap);
process.on("SIGHUP", start);
process.on("SIGTERM", stop);
// A SIGCHLD that came while another was handled is not told twice; a killed guest's child may also come late.
setInterval(() => (stopping ? stop() : reap()), 50);
start();
