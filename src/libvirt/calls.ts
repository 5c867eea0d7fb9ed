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
  /** ms from the call to the response, waiting for a free place included. */
  readonly timeoutMs?: number | undefined;
}

/** Makes one call and waits for its result. */
export type Invoke = <A, R>(procedure: Procedure<A, R>, args: A, options?: CallOptions) => Promise<R>;

export interface CallLimits {
  /**
   * How many calls the server has at a time, below its `max_client_requests` (5): with as many outstanding it stops reading.
   * While all of these wait for guests it gets one more that does not: that one gets its response soon, and it reads on.
   */
  readonly maxInFlight: number;
  /** How many more may wait here. */
  readonly maxQueued: number;
  readonly timeoutMs: number;
}

interface Call {
  readonly serial: number;
  readonly procedure: Procedure<unknown, unknown>;
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
  /** Those that wait to be sent, in order: what waits for guests cannot be in the way of what does not. */
  readonly #waiting = { quick: new Set<Call>(), forGuests: new Set<Call>() };
  readonly #sent = new Map<number, Call>();
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
    const waiting = this.#waiting.quick.size + this.#waiting.forGuests.size;
    if (waiting >= this.#limits.maxQueued) {
      throw new QueueFullError(`${procedure.name}: ${waiting} calls already wait for libvirt`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const serial = this.#nextSerial();
    const call: Call = {
      serial,
      procedure,
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
    this.#queueOf(call).add(call);
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
    const call = this.#sent.get(reply.serial);
    if (call === undefined) return false;
    this.#sent.delete(reply.serial);
    call.onReply(reply);
    this.#sendNext();
    return true;
  }

  /** Fails everything that is under way or waits, and everything asked from now on. */
  end(error: LibvirtError): void {
    this.#ended = error;
    const { quick, forGuests } = this.#waiting;
    const calls = [...this.#sent.values(), ...quick, ...forGuests];
    for (const group of [this.#sent, quick, forGuests]) group.clear();
    for (const call of calls) call.fail(error);
  }

  #sendNext(): void {
    for (let call = this.#next(); call !== undefined; call = this.#next()) {
      this.#queueOf(call).delete(call);
      this.#sent.set(call.serial, call);
      try {
        this.#send(call.message);
      } catch (error) {
        this.#sent.delete(call.serial);
        call.fail(error);
      }
    }
  }

  /** The one whose turn it is, if the server has a place for it. */
  #next(): Call | undefined {
    const [quick] = this.#waiting.quick;
    const [forGuest] = this.#waiting.forGuests;
    const { maxInFlight } = this.#limits;
    if (this.#sent.size < maxInFlight) {
      if (quick === undefined || forGuest === undefined) return quick ?? forGuest;
      return quick.serial < forGuest.serial ? quick : forGuest;
    }
    // Node 20, which the library is for too, has no iterator's `every`.
    const allForGuests = [...this.#sent.values()].every(({ procedure }) => procedure.waitsForGuest);
    return this.#sent.size === maxInFlight && allForGuests ? quick : undefined;
  }

  #queueOf({ procedure }: Call): Set<Call> {
    return procedure.waitsForGuest ? this.#waiting.forGuests : this.#waiting.quick;
  }

  /** What the server has of it keeps its place there; its reply comes to nobody. */
  #giveUp(call: Call, reason: unknown): void {
    this.#queueOf(call).delete(call);
    call.fail(reason);
  }

  #startTimer(call: Call, timeoutMs: number): Timer {
    return this.#clock.setTimer(timeoutMs, () => {
      const within = `within ${timeoutMs / 1000} s`;
      this.#giveUp(
        call,
        new CallTimeoutError(
          this.#queueOf(call).has(call)
            ? `${call.procedure.name}: libvirt did not get to it ${within}, since ${this.#sent.size} earlier calls wait for their responses`
            : `${call.procedure.name}: no response from libvirt ${within}`,
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
