import { hostname as systemHostname } from "node:os";
import { HttpError } from "../../http/errors.ts";
import { readBootId } from "../../system/boot-id.ts";
import type { Clock } from "../../system/clock.ts";
import type { ClusterObservation, DriverConfig, DriverProblem } from "../driver.ts";
import { nothingKnown } from "../nothing-known.ts";
import type { ApiClient, NodeList } from "./client.ts";
import { AccessError, ApiError } from "./errors.ts";
import { hostsOf, ownNode, selfOf } from "./hosts.ts";
import { API, NODES } from "./problems.ts";
import { UnknownAges } from "./unknown-ages.ts";

export interface LookerParts {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** `[DEFAULT] hostname`. */
  readonly hostname: string;
  readonly config: () => DriverConfig;
}

export interface Look {
  readonly observation: ClusterObservation;
  /** The list that it is made of; undefined if none was had. */
  readonly list: NodeList | undefined;
  /** ms after which the next look is needed, in place of the interval: a node is about to count as lost, or the server asks for a pause. */
  readonly nextInMs: number | undefined;
}

/** All pages and retries of one look. ms */
const LOOK_LIMIT_MS = 60_000;

/** Looks at the nodes. What it remembers is the last list, since when nodes are Unknown, and since when there is contact. */
export class Looker {
  readonly #parts: LookerParts;
  readonly #ages = new UnknownAges();
  readonly #bootId = readBootId();
  #last: NodeList | undefined;
  #contactSince: number | undefined;

  constructor(parts: LookerParts) {
    this.#parts = parts;
  }

  /** Contact was interrupted, as far as the caller has noticed: the next look starts again. */
  interrupt(): void {
    this.#contactSince = undefined;
    this.#last = undefined;
  }

  /**
   * One look. @throws the signal's reason
   * @param isWatched nothing has changed since the last list: unless a host is not online, the look only checks that the server answers
   */
  async look(isWatched: boolean, signal: AbortSignal): Promise<Look> {
    const { clock } = this.#parts;
    const at = clock.now();
    const limit = new AbortController();
    const timer = clock.setTimer(LOOK_LIMIT_MS, () => {
      limit.abort(new ApiError(0, `a look did not end within ${LOOK_LIMIT_MS / 1000} s`));
    });
    const either = AbortSignal.any([signal, limit.signal]);
    const { kubernetes } = this.#parts.config();
    try {
      const list = await this.#list(isWatched, kubernetes.monitoring_node_labels, either);
      const interrupted = this.#contactSince === undefined;
      this.#contactSince ??= at.mono;
      this.#last = list;
      const requiredMs = kubernetes.unknown_duration * 1000;
      const { nodes, serverTime } = list;
      this.#ages.update(nodes, { at: at.mono, serverTime, contactSince: this.#contactSince, requiredMs });
      const own = ownNode(nodes, [this.#parts.hostname, systemHostname()], this.#bootId);
      const observation: ClusterObservation = {
        kind: "cluster",
        at,
        self: selfOf(nodes, own),
        quorum: "yes",
        heartbeat: "heard",
        interrupted,
        complete: true,
        hosts: hostsOf(nodes, this.#ages),
        maintenance: { cluster: "no" },
        fencing: undefined,
        problems: nodes.length > 0 ? [] : [noNodes(kubernetes.monitoring_node_labels)],
      };
      return { observation, list, nextInMs: this.#ages.dueInMs(nodes) };
    } catch (error) {
      this.interrupt();
      const problems: readonly DriverProblem[] = [{ ...API, problem: reasonOf(error) }];
      const nextInMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      return {
        observation: { ...nothingKnown("the Kubernetes API does not answer"), at, interrupted: true, problems },
        list: undefined,
        nextInMs,
      };
    } finally {
      timer.cancel();
    }
  }

  async #list(isWatched: boolean, selector: string, signal: AbortSignal): Promise<NodeList> {
    const { client } = this.#parts;
    const last = this.#last;
    const isQuiet = last?.nodes.every(({ ready }) => ready?.status === "True") ?? false;
    // What a watch stated last may be old where a node is lost: then it is asked for, whatever it costs.
    if (last === undefined || !isWatched || !isQuiet) return await client.list(selector, signal);
    return { ...last, serverTime: await client.check(selector, signal) };
  }
}

function noNodes(selector: string): DriverProblem {
  const problem =
    selector === ""
      ? "the cluster has no nodes"
      : `no node matches [kubernetes] monitoring_node_labels = ${selector}; correct it, or label the nodes`;
  return { ...NODES, problem };
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return `the API server's response is unusable: ${error.message}`;
  if (error instanceof AccessError || error instanceof HttpError) return error.message;
  throw error;
}
