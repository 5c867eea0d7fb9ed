import { hostname as systemHostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { describeDiagnostic } from "../../config/diagnostic.ts";
import type { Transport } from "../../http/transport.ts";
import type { ClusterObservation, DriverConfig, DriverParts, DriverProblem, HostDriver } from "../driver.ts";
import { parseHostNames } from "../host-names.ts";
import { LookSchedule } from "../look-schedule.ts";
import { nothingKnown } from "../nothing-known.ts";
import { ConsulAgent } from "./agent.ts";
import { type ConsulSetup, checkSetup } from "./check.ts";
import { Looker } from "./look.ts";
import type { ConsulConfig } from "./networks.ts";
import { CONSUL } from "./problems.ts";
import { consulTransport } from "./transport.ts";
import { watchHealth } from "./watch-health.ts";

type Observe = (observation: ClusterObservation) => void;

/** Sees the hosts by the local agents of up to three Consul clusters: of the management, tenant and storage networks. */
export function createDriver(parts: DriverParts): HostDriver {
  return new ConsulDriver(parts);
}

class ConsulDriver implements HostDriver {
  readonly name = "Consul";
  readonly #parts: DriverParts;
  readonly #schedule: LookSchedule;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#schedule = new LookSchedule(parts.clock, () => parts.config().host.monitoring_interval * 1000);
  }

  async sense(observe: Observe, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const config = this.#parts.config().consul;
      const setup = await this.#setup(config);
      if ("matrix" in setup) await this.#senseBy(setup, config, observe, signal);
      else await this.#give(this.#unusable(setup.problem), observe, signal);
    }
  }

  lookNow(): void {
    this.#schedule.lookNow();
  }

  /** What is known while the configuration cannot be used. */
  #unusable(problem: string): ClusterObservation {
    const at = this.#parts.clock.now();
    return { ...nothingKnown(problem), at, interrupted: true, problems: [{ ...CONSUL, problem }] };
  }

  async checkRights(signal: AbortSignal): Promise<readonly DriverProblem[]> {
    const config = this.#parts.config().consul;
    const setup = await this.#setup(config);
    if ("problem" in setup) return this.#unusable(setup.problem).problems;
    const transport = this.#transport(config);
    try {
      return (await this.#looker(setup, this.#agents(setup, config, transport)).look(signal)).problems;
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    } finally {
      transport.close();
    }
  }

  /** Until the signal aborts, or `[consul]` has changed. */
  async #senseBy(setup: ConsulSetup, config: ConsulConfig, observe: Observe, signal: AbortSignal): Promise<void> {
    const transport = this.#transport(config);
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const agents = this.#agents(setup, config, transport);
    const looker = this.#looker(setup, agents);
    const watches = agents.map((agent) =>
      watchHealth(
        {
          clock: this.#parts.clock,
          agent,
          onChange: () => this.#schedule.event(),
          onInterruption: () => {
            looker.interrupt(agent.network);
            this.#schedule.event();
          },
        },
        either,
      ),
    );
    try {
      while (!signal.aborted && isDeepStrictEqual(this.#parts.config().consul, config)) {
        await this.#give(await looker.look(either), observe, either);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ending.abort(new Error("sensing ended"));
      await Promise.all(watches);
      transport.close();
    }
  }

  async #give(observation: ClusterObservation, observe: Observe, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    observe(observation);
    await this.#schedule.untilNext(observation, signal);
  }

  async #setup(config: ConsulConfig): Promise<ConsulSetup | { readonly problem: string }> {
    const { setup, diagnostics } = await checkSetup(config, {});
    const error = diagnostics.find(({ severity }) => severity === "error");
    return setup ?? { problem: error === undefined ? "[consul] cannot be used" : describeDiagnostic(error) };
  }

  #transport(config: ConsulConfig): Transport {
    return consulTransport(config, "masakari-hostmonitor", this.#parts.clock);
  }

  #agents({ agents }: ConsulSetup, config: ConsulConfig, transport: Transport): readonly ConsulAgent[] {
    return agents.map((address) => new ConsulAgent(address, transport, config.request_timeout * 1000));
  }

  #looker({ matrix }: ConsulSetup, agents: readonly ConsulAgent[]): Looker {
    const { clock, hostname, config } = this.#parts;
    return new Looker({ clock, matrix, agents, ownNames: () => ownNames(hostname, config()) });
  }
}

/** What this host may be called in Consul: what host_names maps to Masakari's name, that name itself, the system's, and their first parts. */
function ownNames(hostname: string, { host }: DriverConfig): readonly string[] {
  const { names: byDriverName } = parseHostNames(host.host_names);
  const mapped = Object.keys(byDriverName).filter((name) => byDriverName[name] === hostname);
  const names = [hostname, ...mapped, systemHostname()];
  return [...names, ...names.map((name) => name.split(".", 1)[0] ?? "")];
}
