import type { Config } from "../../config/sections.ts";
import { masakariName } from "../../host/decide/context.ts";
import type { ClusterObservation, DriverProblem, HostDriver } from "../../host/driver.ts";
import { hasRemotes, openDriver } from "../../host/drivers.ts";
import { parseHostNames } from "../../host/host-names.ts";
import type { Clock } from "../../system/clock.ts";
import type { Logger } from "../../system/log.ts";

/** ms. crm_mon and its siblings have their own limits of 10 s each. */
const LOOK_MS = 40_000;

/** A host that the host monitor would watch. */
export interface WatchedHost {
  /** What the source calls it, and what Masakari does. */
  readonly name: string;
  readonly masakariName: string;
  readonly isOnline: boolean;
}

export interface ClusterView {
  readonly driver: HostDriver;
  readonly observation: ClusterObservation;
  readonly hosts: readonly WatchedHost[];
  /** What the driver cannot do here. */
  readonly problems: readonly DriverProblem[];
}

/** The cluster as the host monitor's own driver sees it: one look, shared by the checks that need it. */
export class Cluster {
  readonly #config: Config;
  readonly #parts: { readonly clock: Clock; readonly log: Logger };
  #view: Promise<ClusterView> | undefined;

  constructor(config: Config, parts: { readonly clock: Clock; readonly log: Logger }) {
    this.#config = config;
    this.#parts = parts;
  }

  /** @throws DriverError */
  view(): Promise<ClusterView> {
    this.#view ??= this.#look(AbortSignal.timeout(LOOK_MS));
    return this.#view;
  }

  async #look(signal: AbortSignal): Promise<ClusterView> {
    const observation = await firstLook(await this.#open(), signal);
    // What a driver is asked for beside sensing ends with its sensing.
    const driver = await this.#open();
    const problems = (await driver.checkRights?.(signal)) ?? observation.problems;
    const { monitoring_driver, restrict_to_remotes, host_names: names } = this.#config.host;
    const onlyRemotes = restrict_to_remotes && hasRemotes(monitoring_driver);
    const host_names = parseHostNames(names).names;
    const hosts = observation.hosts
      .filter(({ kind, state }) => kind !== "server" && state !== "absent" && (!onlyRemotes || kind !== "member"))
      .map(({ name, state }) => ({
        name,
        masakariName: masakariName(name, { host_names }),
        isOnline: state === "online",
      }));
    return { driver, observation, hosts, problems };
  }

  async #open(): Promise<HostDriver> {
    const config = this.#config;
    const parts = { ...this.#parts, hostname: config.DEFAULT.hostname, config: () => config };
    return await openDriver(config.host.monitoring_driver, parts);
  }
}

async function firstLook(driver: HostDriver, signal: AbortSignal): Promise<ClusterObservation> {
  const enough = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<ClusterObservation>();
  const sensing = driver.sense(
    (observation) => {
      resolve(observation);
      enough.abort();
    },
    AbortSignal.any([signal, enough.signal]),
  );
  sensing.then(() => reject(new Error("the driver ended without a look at the cluster")), reject);
  const observation = await promise;
  await sensing;
  return observation;
}
