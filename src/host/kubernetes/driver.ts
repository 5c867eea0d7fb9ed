import { countOf } from "../../system/plural.ts";
import type { ClusterObservation, DriverParts, DriverProblem, HostDriver } from "../driver.ts";
import { ApiClient } from "./client.ts";
import { type Look, Looker } from "./look.ts";
import { WATCH } from "./problems.ts";
import { readAccess } from "./read-access.ts";
import { NodeLookSchedule } from "./schedule.ts";
import { NodeWatch } from "./watch.ts";

/** Sees the nodes of a Kubernetes cluster, as its API server has them. */
export function createDriver(parts: DriverParts): HostDriver {
  return new KubernetesDriver(parts);
}

class KubernetesDriver implements HostDriver {
  readonly name = "Kubernetes";
  readonly #parts: DriverParts;
  readonly #client: ApiClient;
  readonly #looker: Looker;
  readonly #watch: NodeWatch;
  readonly #schedule: NodeLookSchedule;
  #hasLoggedInsecure = false;

  constructor(parts: DriverParts) {
    const { clock, hostname, config } = parts;
    this.#parts = parts;
    this.#client = new ApiClient({
      clock,
      readAccess: () => {
        const { kubeconfig = "", context = "" } = config().kubernetes;
        return readAccess({ kubeconfig, context }, process.env);
      },
    });
    this.#looker = new Looker({ client: this.#client, clock, hostname, config });
    this.#schedule = new NodeLookSchedule(clock, () => config().host.monitoring_interval * 1000);
    this.#watch = new NodeWatch({
      client: this.#client,
      clock,
      onEvent: () => this.#schedule.lookNow(),
      onInterruption: () => this.#looker.interrupt(),
    });
  }

  async sense(observe: (observation: ClusterObservation) => void, signal: AbortSignal): Promise<void> {
    this.#looker.interrupt();
    try {
      while (!signal.aborted) {
        const { observation, nextInMs } = await this.#look(signal);
        observe(observation);
        await this.#schedule.untilNext({ observation, nextInMs: least(nextInMs, this.#watch.dueInMs) }, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#watch.ended();
      this.#client.close();
    }
  }

  lookNow(): void {
    this.#schedule.lookNow();
  }

  async checkRights(signal: AbortSignal): Promise<readonly DriverProblem[]> {
    const ending = new AbortController();
    try {
      const either = AbortSignal.any([signal, ending.signal]);
      const { observation, list } = await this.#looker.look(false, either);
      if (list === undefined) return observation.problems;
      const { monitoring_node_labels } = this.#parts.config().kubernetes;
      const refusal = await this.#client.watch(monitoring_node_labels, list.resourceVersion, either).then(
        () => undefined,
        ({ message }: Error) => message,
      );
      return refusal === undefined
        ? observation.problems
        : [...observation.problems, { ...WATCH, problem: `the watch is refused: ${refusal}` }];
    } catch {
      // The signal has aborted: the caller is gone.
      return [];
    } finally {
      ending.abort(new Error("the check is over"));
      this.#client.close();
    }
  }

  async #look(signal: AbortSignal): Promise<Look> {
    const selector = this.#parts.config().kubernetes.monitoring_node_labels;
    const look = await this.#looker.look(this.#watch.takeUnchanged(selector), signal);
    signal.throwIfAborted();
    if (look.list !== undefined) this.#watch.follow(look.list, selector, signal);
    this.#log(look, selector);
    const problems = [...look.observation.problems, ...this.#watch.problems];
    return { ...look, observation: { ...look.observation, problems } };
  }

  #log({ observation: { interrupted, hosts }, list }: Look, selector: string): void {
    const { log } = this.#parts;
    if (list === undefined) return;
    if (interrupted) {
      const which = selector === "" ? "" : ` with ${selector}`;
      log.info(`The Kubernetes API answers: watching ${countOf(hosts.length, "node")}${which}`);
    }
    if (this.#client.isInsecure && !this.#hasLoggedInsecure) {
      this.#hasLoggedInsecure = true;
      log.warning(
        "insecure-skip-tls-verify: the API server's certificate is not checked; anyone between this host and the API server can read the token",
      );
    }
  }
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
