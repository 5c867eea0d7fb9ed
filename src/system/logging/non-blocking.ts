import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { loadLibc } from "../libc.ts";

/** Takes what there is room for, without waiting. @returns bytes taken; undefined: no room now. @throws if nobody will read */
export type TryWrite = (bytes: Uint8Array) => number | undefined;

/** Lines that wait for a slow reader; beyond it new ones are dropped, so that memory stays bounded. */
const QUEUE_BYTES = 1 << 20;
const TRY_AGAIN_MS = 100;
/** What a writer is given at the end of the program. */
const DRAIN_MS = 1000;

/**
 * Writes lines to what may be read slowly or by nobody: a pipe, a named pipe, a terminal, a socket. It never waits, neither here
 * nor in a thread of its own, which would keep the program from ending. What the queue has no room for is counted.
 */
export class NonBlockingWriter {
  readonly #tryWrite: TryWrite;
  readonly #droppedLine: (count: number) => string;
  #queue: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #again: NodeJS.Timeout | undefined;
  #drained: (() => void)[] = [];

  /** @param droppedLine the line that is written in place of so many */
  constructor(tryWrite: TryWrite, droppedLine: (count: number) => string) {
    this.#tryWrite = tryWrite;
    this.#droppedLine = droppedLine;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#bytes + bytes.length > QUEUE_BYTES) this.#dropped += 1;
    else this.#add(bytes);
    if (this.#again === undefined) this.flush();
  }

  /** Writes what can be written at once. */
  flush(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    try {
      while (this.#writeFirst());
    } catch {
      // Nobody reads it any more: there is nowhere to log it.
      this.#queue = [];
      this.#bytes = 0;
    }
    if (this.#queue.length > 0) this.#again = setTimeout(() => this.flush(), TRY_AGAIN_MS).unref();
    else for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Resolves when everything is written, or after a second. */
  async drained(): Promise<void> {
    if (this.#queue.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, DRAIN_MS);
    this.#drained.push(resolve);
    await promise;
    clearTimeout(late);
  }

  #add(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
  }

  /** @returns whether there may be more to write */
  #writeFirst(): boolean {
    const [first] = this.#queue;
    if (first === undefined) return false;
    const written = this.#tryWrite(first);
    if (written === undefined) return false;
    this.#bytes -= written;
    if (written < first.length) this.#queue[0] = first.subarray(written);
    else this.#queue.shift();
    // Written as soon as there is room, before anything newer.
    if (this.#dropped > 0 && this.#queue.length === 0) {
      this.#add(Buffer.from(this.#droppedLine(this.#dropped)));
      this.#dropped = 0;
    }
    return true;
  }
}

/** For a descriptor that was opened with O_NONBLOCK. */
export function writeTo(fd: number): TryWrite {
  return (bytes) => {
    try {
      return writeSync(fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
      throw error;
    }
  };
}

/**
 * For a descriptor that others share, standard error: O_NONBLOCK would be set for all of them.
 * @returns undefined for a regular file, whose writes end by themselves; and where libc cannot be had
 */
export function writeToShared(fd: number): TryWrite | undefined {
  const status = fstatSync(fd);
  if (status.isFile()) return undefined;
  if (!status.isSocket()) {
    try {
      // Another open file of the same pipe or terminal, with flags of its own.
      return writeTo(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
    } catch {
      // It is another user's.
    }
  }
  try {
    return status.isSocket() ? sendTo(fd) : writeWhenReady(fd);
  } catch {
    return undefined;
  }
}

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;

function sendTo(fd: number): TryWrite {
  const libc = loadLibc();
  const send = libc.func("intptr_t send(int fd, const uint8_t *data, size_t size, int flags)");
  return (bytes) => {
    const sent = Number(send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent >= 0) return sent;
    if (libc.errno() === EAGAIN) return undefined;
    throw new Error(`send: errno ${libc.errno()}`);
  };
}

const POLLOUT = 4;
/** A pipe that is ready takes so much without blocking (PIPE_BUF, pipe(7)). */
const PIPE_BUF = 4096;

function writeWhenReady(fd: number): TryWrite {
  const libc = loadLibc();
  const poll = libc.func("int poll(uint8_t *fds, unsigned long count, int timeout)");
  return (bytes) => {
    // struct pollfd: int fd; short events; short revents.
    const pollfd = Buffer.alloc(8);
    pollfd.writeInt32LE(fd, 0);
    pollfd.writeInt16LE(POLLOUT, 4);
    if (poll(pollfd, 1, 0) === 0) return undefined;
    return writeSync(fd, bytes, 0, Math.min(bytes.length, PIPE_BUF));
  };
}
