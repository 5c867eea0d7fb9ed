import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterObservation, HostObservation } from "../../../src/host/driver.ts";
import type { FencingLookup } from "../../../src/host/fencing-device.ts";
import type { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import type { ClusterNode, RunOptions } from "./node.ts";

const probe = "/run/checkout/test/system/pacemaker/probe.ts";
const node = "/run/checkout/node_modules/.bin/node";
const observedMs = 120_000;

/** More lines of `[host]`. */
export type HostOptions = Readonly<Record<string, string | number>>;

/** The driver at work inside a node, as root or another user. */
export class Observer {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static start(on: ClusterNode, options: HostOptions = {}, run: RunOptions = {}): Observer {
    return new Observer(on.spawn([...command(on, options)], run));
  }

  /** What it has observed so far. */
  get all(): readonly ClusterObservation[] {
    return this.#child.output
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as ClusterObservation);
  }

  get last(): ClusterObservation | undefined {
    return this.all.at(-1);
  }

  /** The first observation from `from` on (default: of all) that fits, seen already or yet to come. */
  async first(
    doing: string,
    fits: (observation: ClusterObservation) => boolean,
    from = 0,
  ): Promise<ClusterObservation> {
    const found = () => this.all.slice(from).find(fits);
    const deadline = AbortSignal.timeout(observedMs);
    for (;;) {
      const { length } = this.all;
      const observation = found();
      if (observation !== undefined) return observation;
      if (deadline.aborted) throw new Error(`not observed: ${doing}; last: ${JSON.stringify(this.last)}`);
      await eventually("another observation", observedMs, () => (this.all.length > length ? true : undefined)).catch(
        () => undefined,
      );
    }
  }

  async stop(): Promise<void> {
    await this.#child.stop("SIGKILL");
  }
}

/** The fencing devices of a host as the driver finds them; secrets are masked. */
export async function devicesOf(on: ClusterNode, host: string, run: RunOptions = {}): Promise<FencingLookup> {
  return JSON.parse(await on.must([...command(on, {}), "devices", host], run)) as FencingLookup;
}

export function hostIn(observation: ClusterObservation, name: string): HostObservation {
  const host = observation.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`${name} is not in ${JSON.stringify(observation)}`);
  return host;
}

function command(on: ClusterNode, options: HostOptions): readonly string[] {
  const lines = Object.entries({ monitoring_interval: 60, ...options }).map(([name, value]) => `${name} = ${value}\n`);
  const file = join(on.folder, "monitors.conf");
  writeFileSync(file, `[DEFAULT]\nhostname = ${on.name}\n[host]\n${lines.join("")}`);
  return [node, "--disable-warning=ExperimentalWarning", probe, file];
}
