import { setTimeout as sleep } from "node:timers/promises";
import type { AdminApi } from "./api.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const BEAT_MS = 1000;

interface ReadyCondition {
  readonly type: string;
  readonly status: string;
}

/** What kubelets report to the API server: each its Lease every second, and its Ready condition when the Node object has another one. */
export class Kubelets {
  readonly #api: AdminApi;
  readonly #nodes: readonly string[];
  readonly #silent = new Set<string>();
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(api: AdminApi, nodes: readonly string[]) {
    this.#api = api;
    this.#nodes = nodes;
    this.#running = Promise.all(nodes.map((name) => this.#run(name)));
  }

  /** As when their hosts die, or are cut off. */
  silence(...names: readonly string[]): void {
    for (const name of names) this.#silent.add(name);
  }

  /** @param names default all */
  resume(...names: readonly string[]): void {
    if (names.length === 0) this.#silent.clear();
    for (const name of names) this.#silent.delete(name);
  }

  get nodes(): readonly string[] {
    return this.#nodes;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(name: string): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      if (!this.#silent.has(name)) {
        // A server that hangs or restarts is what the tests are about: a kubelet goes on trying.
        await this.#beat(name).catch(() => undefined);
      }
      await sleep(BEAT_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #beat(name: string): Promise<void> {
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    };
    const { status } = await this.#api.send("PATCH", `${LEASES}/${name}`, { spec }, "merge");
    if (status === 404) {
      const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name }, spec };
      await this.#api.done("POST", LEASES, lease);
    }
    const node = await this.#api.send("GET", `/api/v1/nodes/${name}`);
    if (node.status !== 200) return;
    const conditions: readonly ReadyCondition[] = JSON.parse(node.body).status.conditions ?? [];
    if (conditions.some(({ type, status: ready }) => type === "Ready" && ready === "True")) return;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const ready = {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    await this.#api.done(
      "PATCH",
      `/api/v1/nodes/${name}/status`,
      { status: { conditions: [ready] } },
      "strategic-merge",
    );
  }
}
