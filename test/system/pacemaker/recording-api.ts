import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import type { Cluster } from "./cluster.ts";
import { addressOf } from "./network.ts";

const program = fileURLToPath(new URL("api.ts", import.meta.url));
const address = addressOf(1, "management");
const readyMs = 150_000;

/** A notification that the API has accepted as new. */
interface Received {
  /** `node3 STOPPED NORMAL from node1`: the host, the event, `host_status`, and the node that sent it. */
  readonly text: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** The embedded masakari-api on a cluster's management network, and what it has received. */
export class RecordingApi {
  readonly authUrl = `http://${address}:5000/v3`;
  readonly #child: Child;
  readonly #cluster: Cluster;

  private constructor(child: Child, cluster: Cluster) {
    this.#child = child;
    this.#cluster = cluster;
  }

  static async start(cluster: Cluster): Promise<RecordingApi> {
    const [command, ...enter] = cluster.management.namespace.enter;
    const hosts = cluster.nodes.map(({ name }) => name);
    const words = ["--disable-warning=ExperimentalWarning", program, address, ...hosts];
    const child = new Child(command, [...enter, process.execPath, ...words], { deathSignal: "KILL" });
    try {
      await child.line(/^ready$/, readyMs);
    } catch (error) {
      await child.stop("SIGKILL");
      throw error;
    }
    return new RecordingApi(child, cluster);
  }

  /** In order. */
  get received(): readonly Received[] {
    const peers = this.#lines.flatMap(({ status, peer }) => (status === 202 ? [peer] : []));
    return this.#lines
      .flatMap(({ hostname, payload, arrivedAt }) => (payload === undefined ? [] : [{ hostname, payload, arrivedAt }]))
      .slice(0, peers.length)
      .map(({ hostname, payload, arrivedAt = 0 }, index) => ({
        text: `${hostname} ${payload.event} ${payload.host_status} from ${this.#nodeOf(peers[index])}`,
        at: arrivedAt,
      }));
  }

  /** The status of the response to every POST of a notification, also to those that were refused. */
  get statuses(): readonly number[] {
    return this.#lines.flatMap(({ status }) => status ?? []);
  }

  async stop(): Promise<void> {
    await this.#child.stop("SIGKILL");
  }

  #nodeOf(peer: string | undefined): string {
    return this.#cluster.nodes.find(({ managementAddress }) => managementAddress === peer)?.name ?? `${peer}`;
  }

  get #lines(): readonly Line[] {
    return this.#child.output
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line);
  }
}

/** A notification (the first three) or a POST with its response. */
interface Line {
  readonly hostname?: string;
  readonly payload?: Readonly<Record<string, string>>;
  readonly arrivedAt?: number;
  readonly status?: number;
  readonly peer?: string;
}
