import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { type CallLimits, type CallOptions, Calls } from "./calls.ts";
import { type Message, messageStatus, messageType } from "./codec/frame.ts";
import { ConnectionLostError, type LibvirtError, ProtocolError } from "./errors.ts";
import { EventListeners, type EventOf, type Registration } from "./event-listeners.ts";
import { type DomainFilter, listFlags, type StatsFilter, statsFlags } from "./filters.ts";
import { Keepalive, type KeepaliveOptions } from "./keepalive.ts";
import { decodeEvent, type EventKind } from "./protocol/events.ts";
import { stateNames } from "./protocol/names.ts";
import { type Procedure, procedures } from "./protocol/procedures.ts";
import { keepaliveProcedure, PROGRAM_VERSION, program } from "./protocol/programs.ts";
import type { Domain } from "./protocol/shapes.ts";
import type { Stream } from "./transport/stream.ts";
import { type SecurityLayer, Wire } from "./wire.ts";

export type { CallOptions } from "./calls.ts";
export type { Registration } from "./event-listeners.ts";
export type { DomainEvent, EventKind } from "./protocol/events.ts";
export type { Domain } from "./protocol/shapes.ts";

/** How a domain is, in libvirt's numbers and in words. */
export interface DomainState {
  /** virDomainState: 1 running, 3 paused, 5 shutoff, 6 crashed … */
  readonly state: number;
  /** What it means depends on the state: shutoff 3 is "crashed". */
  readonly reason: number;
  readonly stateName: string;
  readonly reasonName: string;
}

export interface DomainStats {
  readonly domain: Domain;
  /** libvirt's names, e.g. `block.0.wr.bytes`, `net.0.rx.bytes`; 64-bit numbers are bigint. */
  readonly values: ReadonlyMap<string, number | bigint | boolean | string>;
}

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: CallLimits;
  /** False: this side does not ping (the server's pings are answered all the same). */
  readonly keepalive: KeepaliveOptions | false;
}

/** Report only what can be had without waiting for a domain's job. */
const STATS_NOWAIT = 1 << 29;
/** VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK (libvirt-domain.h): what qemu_domain.c gives a new domain. */
export const LIBVIRTS_OWN_TIMEOUT = -2;
/** Pongs that the server does not take are not piled up. */
const UNSENT_LIMIT = 64 * 1024;
const CLOSE_TIMEOUT_MS = 2000;

/**
 * A connection to a libvirt daemon, as `connect()` gives it. At most `maxInFlight` calls are with the server at a time, the
 * others wait their turn; events come whatever the calls do. When it is lost, every call fails and `closed` resolves; it
 * does not come back (`keepConnected` makes a new one).
 */
export class Connection {
  /** Resolves when the connection has ended: with why, or with nothing if `close()` ended it. Never rejects. */
  readonly closed: Promise<LibvirtError | undefined>;
  readonly #wire: Wire;
  readonly #calls: Calls;
  readonly #events: EventListeners;
  readonly #keepalive: Keepalive | undefined;
  readonly #log: Logger;
  readonly #resolveClosed: (error: LibvirtError | undefined) => void;
  #closing = false;
  #hasAnswered = false;

  constructor(stream: Stream, options: ConnectionOptions) {
    const { clock, log, limits, keepalive } = options;
    const closed = Promise.withResolvers<LibvirtError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#log = log;
    this.#wire = new Wire(stream, {
      onHeard: () => {
        this.#hasAnswered = true;
        this.#keepalive?.heard();
      },
      onMessage: (message) => this.#onMessage(message),
      onEnd: (error) => this.#onEnd(error),
    });
    this.#calls = new Calls(clock, limits, (message) => this.#wire.send(message));
    this.#events = new EventListeners((...call) => this.call(...call), log);
    this.#keepalive = keepalive
      ? new Keepalive(
          clock,
          keepalive,
          () => this.#sendKeepalive(keepaliveProcedure.ping),
          (silentMs) => this.#onDead(silentMs),
        )
      : undefined;
  }

  /** Whom it leads to, for messages. */
  get peer(): string {
    return this.#wire.peer;
  }

  /** The server has sent anything at all. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Any procedure of the tables. @throws ServerError, CallTimeoutError, ConnectionLostError, the signal's reason, … */
  call<A, R>(procedure: Procedure<A, R>, args: A, options?: CallOptions): Promise<R> {
    return this.#calls.invoke(procedure, args, options);
  }

  /** The host's name as libvirt knows it. */
  async hostname(options?: CallOptions): Promise<string> {
    return (await this.call(procedures.connectGetHostname, undefined, options)).hostname;
  }

  /** The server's version, e.g. `9.0.0`. */
  async version(options?: CallOptions): Promise<string> {
    const version = Number((await this.call(procedures.connectGetLibVersion, undefined, options)).version);
    return [Math.floor(version / 1e6), Math.floor(version / 1000) % 1000, version % 1000].join(".");
  }

  /** Says which domains there are, not how they are: `id` −1 means inactive, `state()` tells more. */
  async listDomains(filter: DomainFilter = {}, options?: CallOptions): Promise<readonly Domain[]> {
    const flags = listFlags(filter);
    return (await this.call(procedures.connectListAllDomains, { needResults: 1, flags }, options)).domains;
  }

  /** @throws ServerError 42 if there is none */
  async lookup(uuid: string, options?: CallOptions): Promise<Domain> {
    return (await this.call(procedures.domainLookupByUuid, { uuid }, options)).domain;
  }

  async state(domain: Domain, options?: CallOptions): Promise<DomainState> {
    const { state, reason } = await this.call(procedures.domainGetState, { domain, flags: 0 }, options);
    const names = stateNames(state, reason);
    return { state, reason, stateName: names.state, reasonName: names.reason };
  }

  /** The live XML of an active domain, without secrets. Takes one of the server's few ordinary workers. */
  async xml(domain: Domain, options?: CallOptions): Promise<string> {
    return (await this.call(procedures.domainGetXmlDesc, { domain, flags: 0 }, options)).xml;
  }

  /**
   * Counters of disks and network interfaces, without waiting for domains that are busy: those come with fewer values.
   * A QEMU whose monitor hangs holds this call up, so give it a time-out.
   */
  async stats(domains: readonly Domain[], filter: StatsFilter, options?: CallOptions): Promise<readonly DomainStats[]> {
    const args = { domains, stats: statsFlags(filter), flags: STATS_NOWAIT };
    const { records } = await this.call(procedures.connectGetAllDomainStats, args, options);
    return records.map(({ domain, parameters }) => ({
      domain,
      values: new Map(parameters.map(({ field, value }) => [field, value.value])),
    }));
  }

  /**
   * Sends a command (JSON) to a domain's QEMU guest agent and gives its answer (JSON). Needs a connection that is not
   * read-only. A hung agent costs `timeoutS` the first time and from then on 5 s for libvirt's own guest-sync, whatever
   * `timeoutS` is (from libvirt 11.2 on no more than it). An agent that is at another client's command costs 30 s. It holds one of the server's few workers meanwhile; keep few of them under way.
   * @param timeoutS seconds that the agent has, > 0
   * @throws ServerError 86 or 112 if the agent does not answer or is not connected, 1 or 113 if it answers with an error, 68 if it
   * is occupied, 74 if there is no channel, 29 if read-only
   */
  async agentCommand(domain: Domain, command: string, timeoutS: number, options?: CallOptions): Promise<string> {
    const args = { domain, command, timeout: timeoutS, flags: 0 };
    return (await this.call(procedures.agentCommand, args, options)).result ?? "";
  }

  /**
   * How long libvirt waits for this domain's guest agent: for its own guest-sync (5 s unless this is less), and for the answer
   * to the commands that it composes itself, such as fsfreeze (for ever unless this is set). It counts for every client, and
   * outlasts libvirtd's restart; it takes no job of the domain's, so a hung agent does not hold it up. libvirt ≥ 5.10.
   * @param timeoutS seconds > 0, or `LIBVIRTS_OWN_TIMEOUT`, which is what a domain has that nobody has touched
   * @throws ServerError 42 if there is no such domain, 39 if libvirt is older, 29 if read-only, 88 if not permitted
   */
  async setAgentResponseTimeout(domain: Domain, timeoutS: number, options?: CallOptions): Promise<void> {
    await this.call(procedures.domainAgentSetResponseTimeout, { domain, timeout: timeoutS, flags: 0 }, options);
  }

  /** Defines and starts a transient domain. */
  async createDomain(xml: string, options?: CallOptions): Promise<Domain> {
    return (await this.call(procedures.domainCreateXml, { xml, flags: 0 }, options)).domain;
  }

  /** Ends a domain at once, as pulling the plug would. */
  async destroyDomain(domain: Domain, options?: CallOptions): Promise<void> {
    await this.call(procedures.domainDestroy, { domain }, options);
  }

  /**
   * Calls `listener` for every event of these kinds, of all domains, in the order in which libvirt sends them. What
   * happened before is not repeated: list the domains after registering. A listener that throws is logged.
   */
  registerEvents<K extends EventKind>(
    kinds: readonly K[],
    listener: (event: EventOf<K>) => void,
    options: CallOptions = {},
  ): Promise<Registration> {
    return this.#events.register(kinds, (event) => listener(event as EventOf<K>), options);
  }

  /** Takes leave of the server, within 2 s, unless calls are under way, which fail; and closes. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#keepalive?.stop();
      if (this.#calls.idle) {
        // Whatever comes of it: it is closed afterwards.
        await this.call(procedures.connectClose, undefined, { timeoutMs: CLOSE_TIMEOUT_MS }).catch(() => undefined);
      }
      this.#wire.end(new ConnectionLostError(`the connection to ${this.peer} was closed by this program`));
    }
    await this.closed;
  }

  /** Begins to read and to be able to call; for `connect()`. */
  start(): void {
    this.#wire.start();
  }

  /** Wraps what follows; for `connect()`, after SASL. */
  secure(layer: SecurityLayer): void {
    this.#wire.secure(layer);
  }

  /** Begins to ping; for `connect()`, once the server has said that it answers. */
  startKeepalive(): void {
    this.#keepalive?.start();
  }

  /** Ends it without taking leave. */
  abort(error: LibvirtError): void {
    this.#wire.end(error);
  }

  #onMessage(message: Message): void {
    if (message.program === program.keepalive) this.#onKeepalive(message);
    else if (message.type === messageType.reply) this.#onReply(message);
    else if (message.type === messageType.message && message.program === program.remote) this.#onEvent(message);
    else this.#passOver(message);
  }

  #onReply(message: Message): void {
    if (this.#calls.onReply(message)) return;
    throw new ProtocolError(`a reply (procedure ${message.procedure}) to no call of ours, serial ${message.serial}`);
  }

  /** An event that cannot be read ends the connection: whoever reconnects compares, and so misses nothing. */
  #onEvent(message: Message): void {
    const told = decodeEvent(message.procedure, message.payload);
    if (told === undefined) this.#passOver(message);
    else this.#events.emit(told);
  }

  #passOver({ program, procedure, type }: Message): void {
    this.#log.debug(`${this.peer} sent what is not known: program ${program}, procedure ${procedure}, type ${type}`);
  }

  #onKeepalive(message: Message): void {
    if (message.procedure !== keepaliveProcedure.ping) return;
    if (this.#wire.unsent < UNSENT_LIMIT) this.#sendKeepalive(keepaliveProcedure.pong);
  }

  #sendKeepalive(procedure: number): void {
    this.#wire.send({
      program: program.keepalive,
      version: PROGRAM_VERSION,
      procedure,
      type: messageType.message,
      serial: 0,
      status: messageStatus.ok,
      payload: Buffer.alloc(0),
    });
  }

  #onDead(silentMs: number): void {
    const seconds = Math.round(silentMs / 1000);
    this.#wire.end(
      new ConnectionLostError(
        `${this.peer} has not answered for ${seconds} s, keepalive included: it hangs or is out of reach`,
      ),
    );
  }

  #onEnd(error: LibvirtError): void {
    this.#keepalive?.stop();
    this.#calls.end(error);
    this.#resolveClosed(this.#closing ? undefined : error);
  }
}
