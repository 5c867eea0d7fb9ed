import { closeSync, readFileSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";
import type { Clock, Instant } from "./clock.ts";
import { loadLibc } from "./libc.ts";
import type { Logger } from "./log.ts";
import type { ProcessIdentity, ProcTable } from "./proc-table.ts";

/**
 * `watching`: its exit will be reported. `gone`: it has ended, or its pid is another process's now. `unavailable`: only scans can show it;
 * it may be tried again.
 */
export type WatchOutcome = "watching" | "gone" | "unavailable";

/** Reports the exit of processes that are not our children, by pidfd_open(2) and poll(2): no child process, no polling. */
export interface ExitWatch {
  watch(process: ProcessIdentity): WatchOutcome;
  unwatch(process: ProcessIdentity): void;
  /** Resolves when the signal has aborted and every descriptor is closed. */
  readonly stopped: Promise<void>;
}

export interface ExitWatchParts {
  readonly clock: Clock;
  readonly table: ProcTable;
  readonly log: Logger;
  /** The exit of a watched process, which is no longer watched then, and when it was seen. */
  readonly onExit: (process: ProcessIdentity, at: Instant) => void;
  /** The system calls; another set in tests. @throws where there are none */
  readonly calls?: () => ExitCalls;
  /** How many descriptors this process may have; the kernel's limit if not given. */
  readonly descriptorLimit?: number;
}

/** The system calls that Node does not have. Negative results are `-errno`. */
export interface ExitCalls {
  pidfdOpen(pid: number): number;
  eventfd(): number;
  /** Waits for ever, on a worker thread, for one of `count` `struct pollfd`; calls back with poll(2)'s result. */
  poll(fds: Buffer, count: number, done: (result: number) => void): void;
}

/** The same number on every architecture (Linux 5.3). */
const SYS_PIDFD_OPEN = 434;
const EFD_CLOEXEC_NONBLOCK = 0o2000000 | 0o4000;
const POLLIN = 1;
/** `struct pollfd { int fd; short events; short revents; }` */
const POLLFD_BYTES = 8;
const POLL_FAILURES_ALLOWED = 3;
const NO_DESCRIPTOR = new Set<number>([constants.errno.EMFILE, constants.errno.ENFILE]);
/** Descriptors that are left for everything else: looks at /proc, commands, the disk, Keystone and Masakari. */
const SPARE_DESCRIPTORS = 24;

export function libcExitCalls(): ExitCalls {
  const libc = loadLibc();
  const syscall = libc.func("long syscall(long number, ...)");
  const eventfd = libc.func("int eventfd(unsigned int initial, int flags)");
  const poll = libc.func("int poll(void *fds, unsigned long count, int timeout)");
  const result = (value: number) => (value < 0 ? -libc.errno() : value);
  return {
    pidfdOpen: (pid) => result(Number(syscall(SYS_PIDFD_OPEN, "long", pid, "long", 0))),
    eventfd: () => result(eventfd(0, EFD_CLOEXEC_NONBLOCK)),
    poll: (fds, count, done) => {
      poll.async(fds, count, -1, (error: unknown, value: number) => done(error ? -1 : value));
    },
  };
}

/** `RLIMIT_NOFILE`, which Node has raised as far as it may. */
function readDescriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Where pidfds are not to be had (an old kernel, a seccomp filter, no koffi), it logs that once and every `watch` is `unavailable`;
 * where descriptors are short, so are those for which there are none to spare.
 */
export function watchExits(parts: ExitWatchParts, signal: AbortSignal): ExitWatch {
  const watched = new Map<number, { readonly process: ProcessIdentity; readonly fd: number }>();
  // A descriptor must stay open while the worker polls it: closed then, its number could be another file's.
  const retired: number[] = [];
  const { promise: stopped, resolve: resolveStopped } = Promise.withResolvers<void>();
  let polling = false;
  let failures = 0;
  let fds = Buffer.alloc(4096);
  let logged = false;
  let givenUp = false;
  let system: { readonly calls: ExitCalls; readonly wakeFd: number } | undefined;
  let calls: ExitCalls | undefined;
  let limit = parts.descriptorLimit;

  const unavailable = (reason: string, which = ""): WatchOutcome => {
    const what = `cannot watch for ${which && `${which} `}process exits`;
    if (!logged) parts.log.warning(`${what} (${reason}): these deaths are found at each check_interval`);
    logged = true;
    return "unavailable";
  };

  const wake = () => {
    if (polling && system) writeSync(system.wakeFd, new BigUint64Array([1n]));
  };

  const poll = () => {
    if (!system || polling) return;
    const order = [...watched.values()];
    if (fds.length < (order.length + 1) * POLLFD_BYTES) fds = Buffer.alloc(fds.length * 2);
    [system.wakeFd, ...order.map((one) => one.fd)].forEach((fd, index) => {
      fds.writeInt32LE(fd, index * POLLFD_BYTES);
      fds.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
      fds.writeInt16LE(0, index * POLLFD_BYTES + 6);
    });
    polling = true;
    system.calls.poll(fds, order.length + 1, (result) => {
      polling = false;
      const at = parts.clock.now();
      for (const fd of retired.splice(0)) closeSync(fd);
      if (signal.aborted) return close();
      failures = result < 0 ? failures + 1 : 0;
      if (failures > POLL_FAILURES_ALLOWED) {
        givenUp = true;
        unavailable("poll fails");
        return close();
      }
      const ready = (index: number) => result > 0 && fds.readInt16LE(index * POLLFD_BYTES + 6) !== 0;
      if (ready(0) && system) readSync(system.wakeFd, Buffer.alloc(8));
      const ended = order.filter((one, index) => ready(index + 1) && watched.get(one.process.pid) === one);
      for (const one of ended) {
        watched.delete(one.process.pid);
        closeSync(one.fd);
      }
      poll();
      for (const one of ended) parts.onExit(one.process, at);
    });
  };

  const close = () => {
    process.off("exit", wake);
    for (const fd of [...retired.splice(0), ...[...watched.values()].map((one) => one.fd)]) closeSync(fd);
    watched.clear();
    if (system) closeSync(system.wakeFd);
    system = undefined;
    resolveStopped();
  };

  const setUp = (): WatchOutcome => {
    if (givenUp || signal.aborted) return "unavailable";
    if (system) return "watching";
    try {
      calls ??= (parts.calls ?? libcExitCalls)();
      const wakeFd = calls.eventfd();
      if (wakeFd < 0 && NO_DESCRIPTOR.has(-wakeFd)) return tooFew();
      if (wakeFd < 0) return unavailable(errorName(-wakeFd));
      system = { calls, wakeFd };
      // Node joins its workers at exit: without this a process.exit() would wait for the next death of a watched process.
      process.on("exit", wake);
      return "watching";
    } catch (error) {
      givenUp = true;
      return unavailable(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  };

  const tooFew = (): WatchOutcome =>
    unavailable(
      `too few file descriptors (processes watched: ${watched.size}); raise LimitNOFILE or ulimit -n`,
      "some",
    );

  /** Undefined if that cannot be read now, which is no sign of anything. */
  const isStill = (process: ProcessIdentity): boolean | undefined => {
    try {
      return parts.table.stat(process.pid)?.startTime === process.startTime;
    } catch {
      return undefined;
    }
  };

  signal.addEventListener("abort", () => (polling ? wake() : close()), { once: true });
  if (signal.aborted) close();

  return {
    stopped,
    watch(process) {
      const outcome = setUp();
      if (outcome !== "watching" || !system) return outcome;
      const known = watched.get(process.pid);
      if (known?.process.startTime === process.startTime) return "watching";
      const fd = system.calls.pidfdOpen(process.pid);
      if (fd < 0 && NO_DESCRIPTOR.has(-fd)) return tooFew();
      // The kernel gives the lowest number that is free: so many are in use.
      limit ??= readDescriptorLimit();
      if (fd >= 0 && fd + SPARE_DESCRIPTORS >= limit) {
        closeSync(fd);
        return tooFew();
      }
      // Only now is the pid held: between the scan and the open it may have become another process's.
      const still = isStill(process);
      if (fd < 0) {
        // Some sandboxes deny a living process's existence to this call alone.
        return fd === -constants.errno.ESRCH && still === false ? "gone" : unavailable(errorName(-fd));
      }
      if (!still) {
        closeSync(fd);
        return still === false ? "gone" : tooFew();
      }
      if (known) retired.push(known.fd);
      watched.set(process.pid, { process, fd });
      if (polling) wake();
      else poll();
      return "watching";
    },
    unwatch(process) {
      const known = watched.get(process.pid);
      if (known?.process.startTime !== process.startTime) return;
      watched.delete(process.pid);
      retired.push(known.fd);
      if (polling) wake();
    },
  };
}

function errorName(errno: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}
