import type { ClusterObservation, DriverParts, DriverProblem, HostDriver } from "../driver.ts";
import { ApiClient } from "./client.ts";
import { type Look, Looker } from "./look.ts";
import { readAccess } from "./read-access.ts";
import { LookSchedule } from "./schedule.ts";
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
  readonly #schedule: LookSchedule;
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
    this.#schedule = new LookSchedule(clock, () => config().host.monitoring_interval * 1000);
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
      const { observation } = await this.#look(AbortSignal.any([signal, ending.signal]));
      return observation.problems;
    } catch {
      return [];
    } finally {
      ending.abort(new Error("the check is over"));
      await this.#watch.ended();
      this.#client.close();
    }
  }

  async #look(signal: AbortSignal): Promise<Look> {
    const selector = this.#parts.config().kubernetes.monitoring_node_labels;
    const look = await this.#looker.look(this.#watch.takeUnchanged(selector), signal);
    signal.throwIfAborted();
    if (look.list !== undefined) this.#watch.follow(look.list, selector, signal);
    if (this.#client.isInsecure && !this.#hasLoggedInsecure) {
      this.#hasLoggedInsecure = true;
      this.#parts.log.warning(
        "insecure-skip-tls-verify: the API server's certificate is not checked; whoever is in between can read the token",
      );
    }
    const problems = [...look.observation.problems, ...this.#watch.problems];
    return { ...look, observation: { ...look.observation, problems } };
  }
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
