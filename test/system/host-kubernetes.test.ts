import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ControlPlane } from "../../src/control-plane/control-plane.ts";
import type { DriverConfig } from "../../src/host/driver.ts";
import { createDriver } from "../../src/host/kubernetes/driver.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { Child } from "../support/child.ts";
import { callMasakari, logIn, startTestControlPlane } from "../support/control-plane.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Bed, GRACE_S, LABEL } from "./kubernetes/bed.ts";
import { missingForKubernetes } from "./kubernetes/packages.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/masakari-hostmonitor", import.meta.url));
const NODES = ["node1", "node2", "node3", "node4"];
const MS = 180_000;
/** Nodes that fall silent at once become Unknown one after the other, as far apart as a kubelet's last request takes. */
const UNKNOWN_S = 6;

/** The host monitor against the real API server, and what it notifies to the embedded control plane. */
class Scene {
  readonly bed: Bed;
  readonly monitor: Child;
  readonly #controlPlane: ControlPlane;
  readonly #token: string;
  readonly #names: ReadonlyMap<string, string>;

  private constructor(bed: Bed, controlPlane: ControlPlane, token: string, names: ReadonlyMap<string, string>) {
    this.bed = bed;
    this.#controlPlane = controlPlane;
    this.#token = token;
    this.#names = names;
    this.monitor = new Child(PROGRAM, ["--config-file", configure(bed, controlPlane)]);
  }

  static async start(): Promise<Scene> {
    const bed = await Bed.start(NODES);
    const controlPlane = await startTestControlPlane();
    const token = await logIn(controlPlane);
    const create = async (path: string, body: unknown) => {
      const response = await callMasakari(controlPlane, token, "POST", path, body);
      return JSON.parse(response.body.toString());
    };
    const { segment } = await create("/segments", {
      segment: { name: "compute", recovery_method: "auto", service_type: "compute" },
    });
    const names = new Map<string, string>();
    for (const name of NODES) {
      const { host } = await create(`/segments/${segment.uuid}/hosts`, {
        host: { name, type: "COMPUTE", control_attributes: "SSH" },
      });
      names.set(host.uuid, name);
    }
    const scene = new Scene(bed, controlPlane, token, names);
    await scene.monitor.line(/The Kubernetes API answers: watching 4 nodes/, MS);
    return scene;
  }

  /** The hosts and payloads of all notifications, in the order in which they were generated. */
  async notified(): Promise<readonly string[]> {
    const { body } = await callMasakari(this.#controlPlane, this.#token, "GET", "/notifications");
    const stored: Stored[] = JSON.parse(body.toString()).notifications;
    return stored
      .sort((one, other) => one.generated_time.localeCompare(other.generated_time))
      .map(({ source_host_uuid, payload }) => `${this.#names.get(source_host_uuid)} ${JSON.stringify(payload)}`);
  }

  /** The next line of the monitor's log that matches, after what `act` does. */
  async after(act: () => Promise<void> | void, line: RegExp): Promise<void> {
    const from = this.monitor.output.length;
    await act();
    await this.monitor.line(line, MS, from);
  }

  async stop(): Promise<void> {
    await this.monitor.stop();
    await this.#controlPlane.close();
    await this.bed.stop();
  }
}

interface Stored {
  readonly generated_time: string;
  readonly source_host_uuid: string;
  readonly payload: unknown;
}

function configure(bed: Bed, { keystoneUrl }: ControlPlane): string {
  const file = join(bed.folder, "masakarimonitors.conf");
  const text = `
[DEFAULT]
debug = true
hostname = monitoring-pod
state_path = ${join(bed.folder, "state")}
[api]
auth_url = ${keystoneUrl}
username = masakari
password = masakari-secret
project_name = service
user_domain_id = default
project_domain_id = default
[host]
monitoring_driver = kubernetes
monitoring_interval = 2
[kubernetes]
kubeconfig = ${bed.kubeconfig("monitor")}
monitoring_node_labels = ${LABEL}=enabled
unknown_duration = ${UNKNOWN_S}
`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const STOPPED = 'node2 {"event":"STOPPED","host_status":"NORMAL"}';
const STARTED = 'node2 {"event":"STARTED","cluster_status":"ONLINE","host_status":"NORMAL"}';

describe("host monitor and the real Kubernetes API", { skip: missingForKubernetes() }, () => {
  let running: Scene | undefined;
  const scene = (): Scene => {
    if (running === undefined) throw new Error("not started");
    return running;
  };
  before(async () => {
    running = await Scene.start();
  });
  after(async () => {
    await running?.stop();
  });

  test("a host whose kubelet is silent is notified once, and its return", async () => {
    const { bed } = scene();
    await scene().after(() => bed.kubelets.silence("node2"), /node2 is down.*STOPPED, NORMAL/);
    await eventually("STOPPED", MS, async () => (await scene().notified()).length === 1 || undefined);
    await scene().after(() => bed.kubelets.resume(), /node2 is online again/);
    await eventually("STARTED", MS, async () => (await scene().notified()).length === 2 || undefined);
    assert.deepEqual(await scene().notified(), [STOPPED, STARTED]);
  });

  test("an API server that hangs, and healthy nodes that are Unknown when it is back: nothing is notified", async () => {
    const { bed } = scene();
    await scene().after(() => bed.freezeApiServer(), /Kubernetes API: no response/);
    // Longer than kubelets may be silent, so that the node controller takes them for lost.
    await sleep(GRACE_S * 1000);
    await scene().after(() => bed.thawApiServer(), /The Kubernetes API answers/);
    await bed.allReady();
    assert.deepEqual(await scene().notified(), [STOPPED, STARTED]);
  });

  test("a node that is deleted is absent, not dead", async () => {
    const { bed } = scene();
    await scene().after(() => bed.deleteNode("node4"), /vanished hosts: node4/);
    await scene().after(() => bed.addNode("node4"), /vanished hosts: no longer a problem/);
    await bed.allReady();
    assert.deepEqual(await scene().notified(), [STOPPED, STARTED]);
  });

  test("all kubelets silent at once: it is not the hosts that failed", async () => {
    const { bed } = scene();
    await scene().after(() => bed.kubelets.silence(...NODES), /this host: \d of 4 nodes are Unknown/);
    await bed.nodesAre("all Unknown", (ready) => ready.every((status) => status === "Unknown"));
    await scene().after(() => bed.kubelets.resume(), /this host: no longer a problem/);
    await bed.allReady();
    assert.deepEqual(await scene().notified(), [STOPPED, STARTED]);
  });

  test("rights that are taken away are a condition, and are used again when they are back", async () => {
    const { bed } = scene();
    await scene().after(() => bed.allow(false), /Kubernetes API: .*403.*forbidden/);
    await scene().after(() => bed.allow(true), /Kubernetes API: no longer a problem/);
    assert.deepEqual(await scene().notified(), [STOPPED, STARTED]);
  });

  test("with the right to list alone, check-config names what is missing", async () => {
    const { bed } = scene();
    const kubernetes = {
      monitoring_node_labels: "",
      kubeconfig: bed.kubeconfig("lister"),
      unknown_duration: UNKNOWN_S,
    };
    const config = { host: { monitoring_interval: 2 }, kubernetes } as unknown as DriverConfig;
    const parts = { clock: systemClock, log: new KeptLog(), hostname: "node1", config: () => config };
    const problems = await createDriver(parts).checkRights?.(AbortSignal.timeout(MS));
    assert.deepEqual(
      problems?.map(({ name }) => name),
      ["Kubernetes watch"],
    );
  });
});
