import type { Clock } from "../../system/clock.ts";
import { messageOf } from "../../system/message-of.ts";
import type { HostOverview, PeerOverview } from "./overview.ts";
import type { Peer, UnknownPeers } from "./peer-url.ts";

export interface PeersParts {
  /** Which there are now, as far as is known. Never throws; takes as long as a viewer waits at most. */
  readonly peers: () => Promise<PeerList>;
  /** @throws why there is no response; takes a few seconds at most */
  readonly request: (peer: Peer) => Promise<HostOverview>;
  readonly clock: Clock;
}

export interface PeerList {
  readonly peers: readonly Peer[];
  readonly unknown: readonly UnknownPeers[];
}

/** More hosts than one page can show legibly. */
export const MOST_PEERS = 200;
const CONCURRENT = 16;
/** While somebody looks at the page, each peer is asked no more often than this, ms. */
const EVERY_MS = 2000;
/** A viewer waits for peers that have not responded no longer than this, ms: their rows show that then. */
const WAIT_MS = 2500;

interface Known {
  readonly problem: string | undefined;
  /** ms since the epoch, of the first failure in a row. */
  readonly since: number | undefined;
  readonly last: HostOverview | undefined;
}

/** The pages of other hosts, asked while somebody looks at this one. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #known = new Map<string, Known>();
  #round: Promise<void> | undefined;
  #begun = Number.NEGATIVE_INFINITY;

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** What is known of each; asks them if that is due. Never throws. */
  async now(): Promise<readonly PeerOverview[]> {
    const { clock } = this.#parts;
    const { peers: all, unknown } = await this.#parts.peers();
    const peers = all.slice(0, MOST_PEERS);
    const absent = unknown.map(
      ({ source, problem, since }) => ({ kind: "silent", peer: source, problem, since, last: undefined }) as const,
    );
    if (peers.length === 0) return absent;
    const { mono } = clock.now();
    if (this.#round === undefined && mono - this.#begun >= EVERY_MS) {
      this.#begun = mono;
      this.#round = this.#askAll(peers).finally(() => {
        this.#round = undefined;
      });
    }
    if (this.#round !== undefined) {
      const waited = new AbortController();
      await Promise.race([this.#round, clock.sleep(WAIT_MS, waited.signal).catch(() => undefined)]);
      waited.abort();
    }
    return [...peers.map((peer) => this.#overview(peer)), ...absent];
  }

  #overview({ name, url }: Peer): PeerOverview {
    const known = this.#known.get(url);
    if (known?.last !== undefined && known.problem === undefined) return { kind: "host", host: known.last };
    return {
      kind: "silent",
      peer: known?.last?.host ?? name,
      problem: known === undefined ? "no response yet" : (known.problem ?? "no response yet"),
      since: known?.since === undefined ? undefined : new Date(known.since).toISOString(),
      last: known?.last,
    };
  }

  async #askAll(peers: readonly Peer[]): Promise<void> {
    const urls = new Set(peers.map(({ url }) => url));
    for (const url of this.#known.keys()) if (!urls.has(url)) this.#known.delete(url);
    const queue = [...peers];
    const worker = async (): Promise<void> => {
      for (let peer = queue.shift(); peer !== undefined; peer = queue.shift()) await this.#ask(peer);
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT, queue.length) }, worker));
  }

  async #ask(peer: Peer): Promise<void> {
    const { request, clock } = this.#parts;
    try {
      this.#known.set(peer.url, { problem: undefined, since: undefined, last: await request(peer) });
    } catch (error) {
      const before = this.#known.get(peer.url);
      const since = before?.since ?? clock.now().wall;
      this.#known.set(peer.url, { problem: messageOf(error), since, last: before?.last });
    }
  }
}
