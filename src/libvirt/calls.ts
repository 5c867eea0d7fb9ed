import type { Clock, Timer } from "../system/clock.ts";
import { decode, encode } from "./codec/codec.ts";
import { type Message, messageStatus, messageType } from "./codec/frame.ts";
import { CallTimeoutError, type LibvirtError, ProtocolError, QueueFullError, ServerError } from "./errors.ts";
import type { Procedure } from "./protocol/procedures.ts";
import { PROGRAM_VERSION } from "./protocol/programs.ts";
import { serverError } from "./protocol/shapes.ts";

export interface CallOptions {
  /** Gives up the wait; the server may carry the call out all the same. */
  readonly signal?: AbortSignal | undefined;
  /** ms from the asking to the answer, waiting for a free place included. */
  readonly timeoutMs?: number | undefined;
}

/** Makes one call and waits for its result. */
export type Invoke = <A, R>(procedure: Procedure<A, R>, args: A, options?: CallOptions) => Promise<R>;

export interface CallLimits {
  /** How many calls the server has at a time; with its `max_client_requests` (5) outstanding it would stop reading. */
  readonly maxInFlight: number;
  /** How many more may wait here. */
  readonly maxQueued: number;
  readonly timeoutMs: number;
}

interface Call {
  readonly serial: number;
  readonly name: string;
  readonly message: Message;
  readonly onReply: (reply: Message) => void;
  readonly fail: (error: unknown) => void;
}

const LAST_SERIAL = 0xffff_ffff;

/**
 * The calls of one connection: a bounded number at the server, a bounded number waiting, replies matched by serial. A call
 * that was given up keeps its place at the server until that has answered, because for the server it is still there.
 */
export class Calls {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #send: (message: Message) => void;
  readonly #waiting = new Set<Call>();
  readonly #sent = new Map<number, Call | undefined>();
  #serial = 0;
  #ended: LibvirtError | undefined;

  constructor(clock: Clock, limits: CallLimits, send: (message: Message) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#send = send;
  }

  /**
   * @throws ServerError, CallTimeoutError, QueueFullError, ProtocolError, the connection's end, or the signal's reason
   */
  async invoke<A, R>(procedure: Procedure<A, R>, args: A, options: CallOptions = {}): Promise<R> {
    options.signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    if (this.#waiting.size >= this.#limits.maxQueued) {
      throw new QueueFullError(`${procedure.name}: ${this.#waiting.size} calls already wait for libvirt`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const serial = this.#nextSerial();
    const call: Call = {
      serial,
      name: procedure.name,
      message: {
        program: procedure.program,
        version: PROGRAM_VERSION,
        procedure: procedure.number,
        type: messageType.call,
        serial,
        status: messageStatus.ok,
        payload: encode(procedure.args, args),
      },
      onReply: (reply) => {
        try {
          resolve(readReply(procedure, reply));
        } catch (error) {
          reject(error);
        }
      },
      fail: reject,
    };
    const onAbort = (): void => this.#giveUp(call, options.signal?.reason);
    const timer = this.#startTimer(call, options.timeoutMs ?? this.#limits.timeoutMs);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(call);
    this.#sendNext();
    try {
      return await promise;
    } finally {
      timer.cancel();
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  /** The server has nothing of ours to answer. */
  get idle(): boolean {
    return this.#sent.size === 0;
  }

  /** @returns false if no call of ours has that serial */
  onReply(reply: Message): boolean {
    if (!this.#sent.has(reply.serial)) return false;
    const call = this.#sent.get(reply.serial);
    this.#sent.delete(reply.serial);
    call?.onReply(reply);
    this.#sendNext();
    return true;
  }

  /** Fails everything that is under way or waits, and everything asked from now on. */
  end(error: LibvirtError): void {
    this.#ended = error;
    const calls = [...this.#sent.values(), ...this.#waiting];
    this.#sent.clear();
    this.#waiting.clear();
    for (const call of calls) call?.fail(error);
  }

  #sendNext(): void {
    for (const call of this.#waiting) {
      if (this.#sent.size >= this.#limits.maxInFlight) return;
      this.#waiting.delete(call);
      this.#sent.set(call.serial, call);
      try {
        this.#send(call.message);
      } catch (error) {
        this.#sent.delete(call.serial);
        call.fail(error);
      }
    }
  }

  #giveUp(call: Call, reason: unknown): void {
    this.#waiting.delete(call);
    if (this.#sent.has(call.serial)) this.#sent.set(call.serial, undefined);
    call.fail(reason);
  }

  #startTimer(call: Call, timeoutMs: number): Timer {
    return this.#clock.setTimer(timeoutMs, () => {
      const within = `within ${timeoutMs / 1000} s`;
      this.#giveUp(
        call,
        new CallTimeoutError(
          this.#waiting.has(call)
            ? `${call.name}: libvirt did not get to it ${within}, since ${this.#sent.size} earlier calls are unanswered`
            : `${call.name}: no answer from libvirt ${within}`,
        ),
      );
    });
  }

  #nextSerial(): number {
    // After four thousand million calls an old one may still be outstanding; serial 0 is for what has no reply.
    do this.#serial = this.#serial >= LAST_SERIAL ? 1 : this.#serial + 1;
    while (this.#sent.has(this.#serial));
    return this.#serial;
  }
}

function readReply<A, R>(procedure: Procedure<A, R>, reply: Message): R {
  if (reply.status === messageStatus.ok)
    return decode(procedure.result, reply.payload, `the reply to ${procedure.name}`);
  if (reply.status === messageStatus.error) {
    const { number, domain, message } = decode(serverError, reply.payload, `the error reply to ${procedure.name}`);
    throw new ServerError(procedure.name, number, domain, message);
  }
  throw new ProtocolError(`the reply to ${procedure.name} has the status ${reply.status}`);
}
