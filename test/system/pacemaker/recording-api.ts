import { fileURLToPath } from "node:url";
import { Child } from "../../support/child.ts";
import type { Cluster } from "./cluster.ts";
import { addressOf } from "./network.ts";

const program = fileURLToPath(new URL("api.ts", import.meta.url));
const firstPort = 5000;
const readyMs = 60_000;

export interface Received {
  /** `node3 STOPPED NORMAL`: the host, the event and `host_status`. */
  readonly text: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** A POST that was answered. */
export interface Post {
  readonly status: number;
  /** The address of the node that sent it. */
  readonly peer: string;
}

/** On the management network: an embedded masakari-api for each set of monitors, and what each has received. */
export class RecordingApi {
  readonly #child: Child;
  readonly #sets: readonly string[];

  private constructor(child: Child, sets: readonly string[]) {
    this.#child = child;
    this.#sets = sets;
  }

  static async start(cluster: Cluster, sets: readonly string[]): Promise<RecordingApi> {
    const [command, ...enter] = cluster.management.namespace.enter;
    const planes = sets.map((name, index) => `${firstPort + index}:${name}`).join(",");
    const hosts = cluster.nodes.map(({ name }) => name);
    const words = ["--disable-warning=ExperimentalWarning", program, addressOf(1, "management"), planes, ...hosts];
    const child = new Child(command, [...enter, process.execPath, ...words], { deathSignal: "KILL" });
    await child.line(/^ready$/, readyMs);
    return new RecordingApi(child, sets);
  }

  authUrl(set: string): string {
    return `http://${addressOf(1, "management")}:${firstPort + this.#sets.indexOf(set)}/v3`;
  }

  /** What was accepted as new, in order. */
  received(set: string): readonly Received[] {
    return this.#lines(set).flatMap((line) => {
      if (!("payload" in line)) return [];
      const { hostname, payload, arrivedAt } = line as unknown as Notification;
      return [{ text: `${hostname} ${payload.event} ${payload.host_status}`, at: arrivedAt }];
    });
  }

  /** Every POST of a notification, also those that were refused, in the order of the answers. */
  posts(set: string): readonly Post[] {
    return this.#lines(set).filter((line): line is Record<string, unknown> & Post => "status" in line);
  }

  async stop(): Promise<void> {
    await this.#child.stop("SIGKILL");
  }

  #lines(set: string): readonly Record<string, unknown>[] {
    return this.#child.output
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ to }) => to === set);
  }
}

interface Notification {
  readonly hostname: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly arrivedAt: number;
}
