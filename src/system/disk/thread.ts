import { receiveMessageOnPort } from "node:worker_threads";
import { messageOf } from "../message-of.ts";
import { monotonic } from "../system-clock.ts";
import { type DiskCalls, DiskHungError, type DiskOperations } from "./calls.ts";
import type { PlainError, Reply, Request } from "./protocol.ts";
import { type DiskWorker, startDiskWorker } from "./worker.ts";

export interface DiskThreadOptions<Operations extends DiskOperations> {
  /** The module that the thread runs: it calls `serveDiskThread`. */
  readonly module: URL;
  /** One that runs this module already, for the first call. */
  readonly started?: DiskWorker | undefined;
  /** How long an operation may take before the disk counts as hung, ms; by its name, if it is another time. */
  readonly limitMs?: number;
  readonly limitsMs?: Readonly<Record<string, number>>;
  /** How long the thread itself may take to begin, ms. */
  readonly beginMs?: number;
  /** What to do without a thread: where none can be started, the caller waits for the disk. */
  readonly direct: DiskCalls<Operations>;
  /** Makes an error of the thread one of the caller's classes. */
  readonly revive?: (error: PlainError) => Error;
}

/** Longer than the second for which SQLite waits for another program's transaction. What a caller of `call` waits at most. */
const LIMIT_MS = 1500;
/** While the thread has not begun, that shows nothing about the disk: the machine is busy. */
const BEGIN_MS = 10_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Runs file operations on a thread of its own, one after the other. The caller waits for a limited time: a disk that hangs
 * (a frozen file system, a lost path to a volume) keeps its caller in the kernel until it responds, whatever signal comes.
 * After one operation was given up all others fail at once, until the disk has completed that one.
 */
export class DiskThread<Operations extends DiskOperations> implements DiskCalls<Operations> {
  readonly #options: DiskThreadOptions<Operations>;
  #started: DiskWorker | undefined;
  #running: DiskWorker | undefined;
  #hasBegun = false;
  #problem: string | undefined;
  #asked = 0;
  #completed = 0;
  /** The latest operation that was given up, and after how long, ms. */
  #givenUp = 0;
  #givenUpAfterMs = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #early = new Map<number, Reply>();

  constructor(options: DiskThreadOptions<Operations>) {
    this.#options = options;
    this.#started = options.started;
  }

  /** Why there is no thread, and its callers wait for the disk; undefined if there is one, or it may yet be. */
  get problem(): string | undefined {
    return this.#problem;
  }

  call<Name extends keyof Operations & string>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): ReturnType<Operations[Name]> {
    const thread = this.#thread();
    if (thread === undefined) return this.#options.direct.call(name, ...args);
    const id = this.#send(thread, name, args);
    const reply = this.#await(thread, id, this.#limitOf(name));
    if (reply === undefined && !this.#hasBegun) {
      this.#doWithout(`it did not start within ${this.#beginMs / 1000} s`);
      return this.#options.direct.call(name, ...args);
    }
    if (reply === undefined) throw this.#giveUp(id, this.#limitOf(name));
    return this.#valueOf(reply) as ReturnType<Operations[Name]>;
  }

  async callLater<Name extends keyof Operations & string>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    const thread = this.#thread();
    if (thread === undefined) return await this.#options.direct.callLater(name, ...args);
    const id = this.#send(thread, name, args);
    const limitMs = this.#hasBegun ? this.#limitOf(name) : this.#beginMs;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const limit = setTimeout(() => {
      // This program may have stood still, and the reply be there.
      this.#takeReplies();
      if (this.#completed < id) reject(this.#giveUp(id, limitMs));
    }, limitMs);
    try {
      return (await promise) as ReturnType<Operations[Name]>;
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(id);
    }
  }

  /** @throws DiskHungError while an operation that was given up is not completed: nothing queues up behind it */
  #send({ port }: DiskWorker, operation: string, args: unknown[]): number {
    this.#takeReplies();
    if (this.#givenUp > this.#completed) throw this.#hung();
    const id = ++this.#asked;
    port.postMessage({ id, operation, args } satisfies Request);
    return id;
  }

  get #beginMs(): number {
    return this.#options.beginMs ?? BEGIN_MS;
  }

  #limitOf(operation: string): number {
    return this.#options.limitsMs?.[operation] ?? this.#options.limitMs ?? LIMIT_MS;
  }

  #giveUp(id: number, afterMs: number): Error {
    this.#givenUp = Math.max(this.#givenUp, id);
    this.#givenUpAfterMs = afterMs;
    return this.#hung();
  }

  #hung(): Error {
    return new DiskHungError(`the disk hangs: an operation was not completed within ${this.#givenUpAfterMs / 1000} s`);
  }

  /** Sleeps until the reply has come, or for the limit, which counts from when the thread has begun. */
  #await({ replies }: DiskWorker, id: number, limitMs: number): Reply | undefined {
    let until = monotonic() + (this.#hasBegun ? limitMs : this.#beginMs);
    while (true) {
      const seen = Atomics.load(replies, 0);
      const begunBefore = this.#hasBegun;
      this.#takeReplies(id);
      const reply = this.#early.get(id);
      this.#early.delete(id);
      if (reply !== undefined) return reply;
      if (this.#hasBegun && !begunBefore) until = monotonic() + limitMs;
      const left = until - monotonic();
      if (left <= 0) return undefined;
      Atomics.wait(replies, 0, seen, left);
    }
  }

  /** @param wanted the reply that somebody sleeps for */
  #takeReplies(wanted?: number): void {
    const port = this.#running?.port;
    for (let taken = port && receiveMessageOnPort(port); taken; taken = port && receiveMessageOnPort(port)) {
      this.#accept(taken.message as Reply, wanted);
    }
  }

  #accept(reply: Reply, wanted?: number): void {
    this.#hasBegun = true;
    this.#completed = Math.max(this.#completed, reply.id);
    if (reply.id === wanted) this.#early.set(reply.id, reply);
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ("error" in reply) waiting.reject(this.#revived(reply.error));
    else waiting.resolve(reply.value);
  }

  #valueOf(reply: Reply): unknown {
    if ("error" in reply) throw this.#revived(reply.error);
    return reply.value;
  }

  #revived(error: PlainError): Error {
    return this.#options.revive?.(error) ?? Object.assign(new Error(error.message), error);
  }

  /** @returns undefined if there is none to be had */
  #thread(): DiskWorker | undefined {
    if (this.#running !== undefined || this.#problem !== undefined) return this.#running;
    try {
      return this.#newThread();
    } catch (error) {
      this.#doWithout(messageOf(error));
      return undefined;
    }
  }

  #doWithout(problem: string): void {
    this.#problem = problem;
    // It must not begin after all, and carry out beside the caller what was sent to it.
    void this.#running?.worker.terminate();
    this.#running?.port.close();
    this.#running = undefined;
  }

  #newThread(): DiskWorker {
    const started = this.#started;
    this.#started = undefined;
    const running =
      started?.ended === undefined && started !== undefined ? started : startDiskWorker(this.#options.module);
    running.worker.on("error", (error: Error) => this.#ended(running, error));
    running.worker.on("exit", () => this.#ended(running, new Error("the thread that writes to disk has ended")));
    running.port.on("message", (reply: Reply) => this.#accept(reply));
    // A listener makes the port keep the program running.
    running.port.unref();
    this.#running = running;
    this.#hasBegun = false;
    return running;
  }

  /** The next call starts another one. */
  #ended(running: DiskWorker, error: Error): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#completed = this.#asked;
    running.port.close();
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }
}
