import type { CallOptions } from "./calls.ts";
import { ConnectionLostError, LibvirtError } from "./errors.ts";
import type { EventOf, Registration } from "./event-listeners.ts";
import { type DomainFilter, listFlags, type StatsFilter, statsFlags } from "./filters.ts";
import type { EventKind } from "./protocol/events.ts";
import { jobTypeName, stateNames } from "./protocol/names.ts";
import { procedures } from "./protocol/procedures.ts";
import type { Domain } from "./protocol/shapes.ts";
import type { Rpc } from "./rpc.ts";

/** A domain's state in libvirt's numbers, and in its names without their prefix; a number newer than this program is its own name. */
export interface DomainState {
  /** virDomainState. */
  readonly state: number;
  /** What it means depends on the state. */
  readonly reason: number;
  /** `RUNNING`, `PAUSED`, `SHUTOFF`, `CRASHED` … */
  readonly stateName: string;
  /** `SHUTOFF` has `CRASHED` for a QEMU that died. */
  readonly reasonName: string;
}

/** What libvirt itself is doing with a domain: a migration, a save, a dump. */
export interface DomainJob {
  /** `NONE`, `BOUNDED` (its end is known), `UNBOUNDED`, or for one that has ended `COMPLETED`, `FAILED`, `CANCELLED`. */
  readonly typeName: string;
  readonly underWay: boolean;
  readonly elapsedMs: number;
  /** Bytes in all, of memory and disks; 0 where libvirt does not know. */
  readonly totalBytes: bigint;
  readonly remainingBytes: bigint;
}

export interface DomainStats {
  readonly domain: Domain;
  /** libvirt's names, e.g. `block.0.wr.bytes`, `net.0.rx.bytes`; 64-bit numbers are bigint. */
  readonly values: ReadonlyMap<string, number | bigint | boolean | string>;
}

/** Report only what can be had without waiting for a domain's job. */
const STATS_NOWAIT = 1 << 29;
/** VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK (libvirt-domain.h): what qemu_domain.c gives a new domain. */
const LIBVIRTS_OWN_TIMEOUT = -2;

/**
 * A connection to a libvirt daemon, as `connect()` gives it. At most `maxInFlight` calls are with the server at a time, the
 * others wait here in order; events come whatever the calls do. When it is lost, every call fails and `closed` resolves; it
 * does not come back (`maintainConnection` makes a new one).
 */
export class Connection {
  readonly #rpc: Rpc;

  /** For `connect()`. @internal */
  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Resolves when the connection has ended: with why, or with nothing if `close()` ended it. Never rejects. */
  get closed(): Promise<LibvirtError | undefined> {
    return this.#rpc.closed;
  }

  /** The server, for messages. */
  get peer(): string {
    return this.#rpc.peer;
  }

  /** The host's name as libvirt knows it. */
  async hostname(options?: CallOptions): Promise<string> {
    return (await this.#rpc.call(procedures.connectGetHostname, undefined, options)).hostname;
  }

  /** The server's version, e.g. `9.0.0`. */
  async version(options?: CallOptions): Promise<string> {
    const version = Number((await this.#rpc.call(procedures.connectGetLibVersion, undefined, options)).version);
    return [Math.floor(version / 1e6), Math.floor(version / 1000) % 1000, version % 1000].join(".");
  }

  /** Which domains there are, not their states: `id` −1 means inactive, `state()` has more. */
  async listDomains(filter: DomainFilter = {}, options?: CallOptions): Promise<readonly Domain[]> {
    const flags = listFlags(filter);
    return (await this.#rpc.call(procedures.connectListAllDomains, { needResults: 1, flags }, options)).domains;
  }

  /** @throws ServerError NO_DOMAIN if there is none */
  async lookup(uuid: string, options?: CallOptions): Promise<Domain> {
    return (await this.#rpc.call(procedures.domainLookupByUuid, { uuid }, options)).domain;
  }

  async state(domain: Domain, options?: CallOptions): Promise<DomainState> {
    const { state, reason } = await this.#rpc.call(procedures.domainGetState, { domain, flags: 0 }, options);
    const names = stateNames(state, reason);
    return { state, reason, stateName: names.state, reasonName: names.reason };
  }

  /** @throws ServerError NO_DOMAIN if there is none, OPERATION_INVALID if it does not run */
  async job(domain: Domain, options?: CallOptions): Promise<DomainJob> {
    const job = await this.#rpc.call(procedures.domainGetJobInfo, { domain }, options);
    const typeName = jobTypeName(job.type);
    return {
      typeName,
      underWay: typeName === "BOUNDED" || typeName === "UNBOUNDED",
      elapsedMs: Number(job.timeElapsed),
      totalBytes: job.dataTotal,
      remainingBytes: job.dataRemaining,
    };
  }

  /** The live XML of an active domain, without secrets. Takes one of the server's few ordinary workers. */
  async xml(domain: Domain, options?: CallOptions): Promise<string> {
    return (await this.#rpc.call(procedures.domainGetXmlDesc, { domain, flags: 0 }, options)).xml;
  }

  /**
   * Counters of disks and network interfaces, without waiting for domains that are busy: those come with fewer values.
   * A QEMU whose monitor hangs holds this call up, so give it a time-out.
   */
  async stats(domains: readonly Domain[], filter: StatsFilter, options?: CallOptions): Promise<readonly DomainStats[]> {
    const args = { domains, stats: statsFlags(filter), flags: STATS_NOWAIT };
    const { records } = await this.#rpc.call(procedures.connectGetAllDomainStats, args, options);
    return records.map(({ domain, parameters }) => ({
      domain,
      values: new Map(parameters.map(({ field, value }) => [field, value.value])),
    }));
  }

  /**
   * Sends a command (JSON) to a domain's QEMU guest agent and returns its response (JSON). Needs a connection that is not
   * read-only. A hung agent costs `timeoutS` the first time and from then on 5 s for libvirt's own guest-sync, whatever
   * `timeoutS` is (from libvirt 11.2 on no more than it). An agent that is at another client's command costs 30 s. It holds one of
   * the server's few workers meanwhile; keep few of them under way.
   * @param timeoutS seconds that the agent has, > 0
   * @throws ServerError AGENT_UNRESPONSIVE or AGENT_COMMAND_TIMEOUT if the agent does not respond or is not connected, INTERNAL_ERROR
   * or AGENT_COMMAND_FAILED if it responds with an error, OPERATION_TIMEOUT if it is occupied, ARGUMENT_UNSUPPORTED if there is no
   * channel, OPERATION_DENIED if read-only
   */
  async agentCommand(domain: Domain, command: string, timeoutS: number, options?: CallOptions): Promise<string> {
    const args = { domain, command, timeout: timeoutS, flags: 0 };
    return (await this.#rpc.call(procedures.agentCommand, args, options)).result ?? "";
  }

  /**
   * How long libvirt waits for this domain's guest agent: for its own guest-sync (5 s unless this is less), and for the response
   * to the commands that it composes itself, such as fsfreeze (for ever unless this is set). It counts for every client, and
   * outlasts libvirtd's restart; it takes no job of the domain's, so a hung agent does not hold it up. libvirt ≥ 5.10.
   * @param timeoutS seconds > 0; undefined: libvirt's own, which is what a domain has that nobody has touched
   * @throws ServerError NO_DOMAIN if there is none, RPC if libvirt is older, OPERATION_DENIED if read-only, ACCESS_DENIED if not permitted
   */
  async setAgentResponseTimeout(domain: Domain, timeoutS: number | undefined, options?: CallOptions): Promise<void> {
    const timeout = timeoutS ?? LIBVIRTS_OWN_TIMEOUT;
    await this.#rpc.call(procedures.domainAgentSetResponseTimeout, { domain, timeout, flags: 0 }, options);
  }

  /** Defines and starts a transient domain. */
  async createDomain(xml: string, options?: CallOptions): Promise<Domain> {
    return (await this.#rpc.call(procedures.domainCreateXml, { xml, flags: 0 }, options)).domain;
  }

  /** Ends a domain at once, as pulling the plug would. */
  async destroyDomain(domain: Domain, options?: CallOptions): Promise<void> {
    await this.#rpc.call(procedures.domainDestroy, { domain }, options);
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
    return this.#rpc.events.register(kinds, (event) => listener(event as EventOf<K>), options);
  }

  /**
   * Closes the connection and waits for the end. Idempotent.
   * @param failure why it is of no use any more: then it ends at once as lost, `closed` resolves with that reason, and
   * `maintainConnection` makes a new one. Without: libvirtd gets notice, within 2 s, and calls under way fail
   */
  async close(failure?: Error): Promise<void> {
    if (failure === undefined) return await this.#rpc.close();
    const reason =
      failure instanceof LibvirtError ? failure : new ConnectionLostError(failure.message, { cause: failure });
    this.#rpc.abort(reason);
    await this.closed;
  }
}
