import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { NETWORKS } from "../../src/host/consul/networks.ts";
import { requestSubjects } from "../../src/status/client.ts";
import { healthSocket } from "../../src/status/socket-path.ts";
import type { Child } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { agentOption, ConsulClusters, failed } from "./consul/clusters.ts";
import { missingForConsul } from "./consul/packages.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Consul's default gossip takes 6 s for a failure; a link that was cut may be found to be back after 30 s. */
const noticedMs = 180_000;

/** The host monitor of host1 at work on real Consul clusters, with a cloud to notify. */
class MonitoredClusters {
  readonly clusters: ConsulClusters;
  readonly cloud: Child;
  monitor: Child | undefined;

  constructor(clusters: ConsulClusters) {
    this.clusters = clusters;
    const words = [process.execPath, "--disable-warning=ExperimentalWarning", here("consul/cloud.ts")];
    this.cloud = clusters.spawn("host1", [...words, "host1", "host2", "host3", "host4"]);
  }

  async startMonitor(): Promise<void> {
    const keystone = (await this.cloud.line(/^keystone: /, noticedMs)).split(": ")[1] ?? "";
    const file = join(this.clusters.folder, "monitors.conf");
    writeFileSync(file, configuration(keystone, this.clusters.folder), { mode: 0o600 });
    this.monitor = this.clusters.spawn("host1", [here("../../bin/masakari-hostmonitor"), "--config-file", file]);
  }

  /** What Masakari was notified of, in order. */
  get notified(): readonly string[] {
    return this.cloud.output.split("\n").flatMap((line) => (line.startsWith("notified: ") ? [line.slice(10)] : []));
  }

  /** Waits until `list` shows a host as this. */
  async shows(host: string, phase: RegExp): Promise<void> {
    const socket = healthSocket(join(this.clusters.folder, "state"), "hostmonitor");
    let shown = "nothing";
    const look = async (): Promise<true | undefined> => {
      const response = await requestSubjects(socket, noticedMs);
      const subject = response.kind === "responded" ? response.subjects.find(({ name }) => name === host) : undefined;
      shown = subject?.phase ?? response.kind;
      return phase.test(shown) ? true : undefined;
    };
    await eventually(`${host} shown as ${phase}`, noticedMs, look, 200).catch((cause: unknown) => {
      throw new Error(`${host} is shown as ${shown}; the monitor's log:\n${this.monitor?.output}`, { cause });
    });
  }

  async stop(): Promise<void> {
    await this.monitor?.stop();
    await this.cloud.stop("SIGKILL");
    await this.clusters.stop();
  }
}

/** Without the storm guard: all other hosts fail within minutes here. */
function configuration(keystone: string, folder: string): string {
  return `[DEFAULT]
hostname = host1
state_path = ${join(folder, "state")}
[api]
auth_url = ${keystone}
username = masakari
password = masakari-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
[host]
monitoring_driver = consul
monitoring_interval = 2
storm_ratio = 0
[consul]
${NETWORKS.map((network) => agentOption("host1", network)).join("")}`;
}

describe("the host monitor on real Consul clusters", { skip: await missingForConsul() }, () => {
  let bed: MonitoredClusters;
  before(async () => {
    bed = new MonitoredClusters(await ConsulClusters.start());
    await bed.startMonitor();
    for (const host of ["ctl1", "host2", "host3", "host4"]) await bed.shows(host, /^online/);
  });
  after(async () => {
    await bed.stop();
  });

  it("reports nothing of a host whose manage agent hung and went on", async () => {
    bed.clusters.agent("host2", "manage").signal("SIGSTOP");
    await bed.shows("host2", /^unstable/);
    bed.clusters.agent("host2", "manage").signal("SIGCONT");
    await bed.shows("host2", /^online/);
    assert.deepEqual(bed.notified, []);
  });

  it("holds a clean stop as planned work", async () => {
    bed.clusters.signalHost("host4", "SIGTERM");
    await bed.shows("host4", /^offline, lost; held by planned work/);
    await bed.clusters.ended("host4");
    bed.clusters.startHost("host4");
    await bed.shows("host4", /^online/);
    assert.deepEqual(bed.notified, []);
  });

  it("reports a crash, and the return", async () => {
    bed.clusters.signalHost("host2", "SIGKILL");
    await bed.cloud.line(/host2 STOPPED NORMAL/, noticedMs);
    await bed.clusters.ended("host2");
    bed.clusters.startHost("host2");
    await bed.cloud.line(/host2 STARTED NORMAL/, noticedMs);
  });

  it("reports a host that is cut off from the storage network only", async () => {
    await bed.clusters.setLink("host4", "storage", "down");
    await bed.cloud.line(/host4 STOPPED NORMAL/, noticedMs);
  });

  it("reports a host that crashed while our own agent of the storage network was down", async () => {
    const { clusters, cloud } = bed;
    await clusters.agent("host1", "storage").stop("SIGKILL");
    await bed.shows("host3", /^unknown/);
    clusters.signalHost("host3", "SIGKILL");
    await clusters.agent("ctl1", "storage").line(failed("host3"), noticedMs);
    clusters.startAgent("host1", "storage");
    await cloud.line(/host3 STOPPED NORMAL/, noticedMs);
    await clusters.ended("host3");
    clusters.startHost("host3");
    await cloud.line(/host3 STARTED NORMAL/, noticedMs);
  });

  it("reports no host while this host itself is cut off, although its agents give the others up", async () => {
    const { clusters, notified } = bed;
    const agent = clusters.agent("host1", "storage");
    const from = agent.output.length;
    for (const network of NETWORKS) await clusters.setLink("host1", network, "down");
    await bed.shows("host2", /^unknown/);
    await agent.line(/EventMemberFailed: /, noticedMs, from);
    for (const network of NETWORKS) await clusters.setLink("host1", network, "up");
    await bed.shows("host2", /^online/);
    await bed.shows("host3", /^online/);
    assert.deepEqual(bed.notified, notified);
  });
});
