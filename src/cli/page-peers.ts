import type { Config } from "../config/sections.ts";
import type { Member } from "../host/consul/responses.ts";
import type { Transport } from "../http/transport.ts";
import type { SegmentHosts } from "../openstack/segment-hosts.ts";
import { CONSUL_MEMBERS } from "../status/page/next-step.ts";
import { type Peer, peerAt, peerOf, type UnknownPeers } from "../status/page/peer-url.ts";
import type { PeerList } from "../status/page/peers.ts";
import type { Clock } from "../system/clock.ts";
import { messageOf } from "../system/message-of.ts";
import type { Listener } from "./metrics.ts";

/** While somebody looks at the page, ms. */
const MEMBERS_EVERY_MS = 5000;
/** A viewer waits for the first list of members no longer than this, ms. */
const FIRST_WAIT_MS = 2500;

type Served = Pick<Listener, "clock" | "command" | "port" | "isSecure">;

/** Whom the page asks: the hosts of `[page] peers`, of the segment and of Consul, each once. */
export function peerList(
  config: Config,
  segmentHosts: Pick<SegmentHosts, "known">,
  listener: Served,
): () => Promise<PeerList> {
  const listed = config.page.peers.flatMap((text) => {
    const read = peerOf(text);
    return "peer" in read ? [read.peer] : [];
  });
  const consul = config.page.peers_in_consul ? new ConsulMembers(config, listener) : undefined;
  return async () => {
    const inConsul = await consul?.now();
    const all = [...listed, ...inSegment(config, segmentHosts, listener), ...(inConsul?.peers ?? [])];
    const byUrl = new Map(all.map((peer) => [peer.url, peer]));
    return { peers: [...byUrl.values()], unknown: inConsul?.unknown ?? [] };
  };
}

/** The other hosts of this host's segment. */
function inSegment({ DEFAULT, page }: Config, segmentHosts: Pick<SegmentHosts, "known">, listener: Served): Peer[] {
  const { known } = segmentHosts;
  const segment = known.get(DEFAULT.hostname)?.segment.uuid;
  if (!page.peers_in_segment || segment === undefined) return [];
  return [...known.values()].flatMap((host) => {
    if (host.segment.uuid !== segment || host.name === DEFAULT.hostname) return [];
    return peerAt(host.name, listener.port, listener.isSecure) ?? [];
  });
}

/** The other members of the Consul cluster of the first agent in `[consul]`, asked while somebody looks. */
class ConsulMembers {
  readonly #config: Config;
  readonly #listener: Served;
  readonly #clock: Clock;
  #transport: Transport | undefined;
  #peers: readonly Peer[] | undefined;
  #problem: UnknownPeers | undefined;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(config: Config, listener: Served) {
    this.#config = config;
    this.#listener = listener;
    this.#clock = listener.clock;
  }

  /** What is known. Never throws. */
  async now(): Promise<PeerList> {
    const { mono } = this.#clock.now();
    if (this.#asking === undefined && mono - this.#askedAt >= MEMBERS_EVERY_MS) {
      this.#askedAt = mono;
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }
    if (this.#asking !== undefined && this.#peers === undefined) {
      const waited = new AbortController();
      await Promise.race([this.#asking, this.#clock.sleep(FIRST_WAIT_MS, waited.signal).catch(() => undefined)]);
      waited.abort();
    }
    return { peers: this.#peers ?? [], unknown: this.#problem === undefined ? [] : [this.#problem] };
  }

  async #ask(): Promise<void> {
    try {
      const members = await this.#members();
      this.#peers = peersAmong(members, this.#config, this.#listener);
      this.#problem = undefined;
    } catch (error) {
      const since = this.#problem?.since ?? new Date(this.#clock.now().wall).toISOString();
      this.#problem = { source: CONSUL_MEMBERS, problem: messageOf(error), since };
    }
  }

  async #members(): Promise<ReadonlyMap<string, Member>> {
    const { consul } = this.#config;
    const [{ ConsulAgent }, { agentAddress, configuredNetworks }, { consulTransport }] = await Promise.all([
      import("../host/consul/agent.ts"),
      import("../host/consul/networks.ts"),
      import("../host/consul/transport.ts"),
    ]);
    const [network] = configuredNetworks(consul);
    const address = network && agentAddress(network, consul);
    if (address === undefined) throw new Error("[page] peers_in_consul needs an agent in [consul]");
    this.#transport ??= consulTransport(consul, this.#listener.command, this.#clock);
    const timeoutMs = consul.request_timeout * 1000;
    const members = await new ConsulAgent(address, this.#transport, timeoutMs).members(
      AbortSignal.timeout(2 * timeoutMs),
    );
    if (members.size === 0) {
      throw new Error('its agent lists no members: the token needs node_prefix "" { policy = "read" }');
    }
    return members;
  }
}

/**
 * Consul's servers are mostly no compute hosts, so they are left out unless there is nobody else. Without TLS a member is asked at its
 * address, which Consul knows and no name service may; with TLS by its name, which its certificate has.
 */
function peersAmong(members: ReadonlyMap<string, Member>, { DEFAULT, host }: Config, listener: Served): Peer[] {
  const mapped = new Map(
    host.host_names.map((item) => item.split("=", 2).map((part) => part.trim()) as [string, string]),
  );
  const present = [...members].filter(([, { status }]) => status === "alive" || status === "failed");
  const clients = present.filter(([, { isServer }]) => !isServer);
  const { port, isSecure } = listener;
  const peers = (clients.length > 0 ? clients : present).flatMap(([consulName, { address }]) => {
    const name = mapped.get(consulName) ?? consulName;
    if (name === DEFAULT.hostname) return [];
    return peerAt(name, port, isSecure, isSecure ? consulName : address) ?? [];
  });
  return peers.sort((one, other) => (one.name < other.name ? -1 : 1));
}
