import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificates } from "../../support/certificates.ts";
import { Child } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/ports.ts";
import { AdminApi } from "./api.ts";
import { Kubelets } from "./kubelets.ts";
import { KUBERNETES } from "./packages.ts";

/** s for which a kubelet may be silent; Kubernetes' default is 40, later 50. */
export const GRACE_S = 10;
/** A kubelet gives up a server that hangs, and tries again. */
const KUBELET_TIMEOUT_MS = 5000;
const ADMIN = "admin-token";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
export const LABEL = "openstack-compute-node";

type User = "monitor" | "lister";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A real kube-apiserver on etcd, with the node lifecycle controller, on loopback, and nodes whose kubelets are played. */
export class Bed {
  readonly folder = mkdtempSync(join(tmpdir(), "kubernetes-bed-"));
  readonly #certificates = new Certificates();
  #children: Child[] = [];
  #origin = "";
  #apiServer: Child | undefined;
  #api: AdminApi | undefined;
  #kubelets: Kubelets | undefined;

  /** With these nodes, all labelled and Ready. */
  static async start(nodes: readonly string[]): Promise<Bed> {
    const bed = new Bed();
    try {
      await bed.#startServers();
      await bed.#grant();
      for (const name of nodes) await bed.addNode(name);
      bed.#kubelets = new Kubelets(new AdminApi({ ...bed.access, token: ADMIN }, KUBELET_TIMEOUT_MS), nodes);
      await bed.allReady();
      bed.#run("kube-controller-manager", [
        `--kubeconfig=${bed.#kubeconfig("admin", ADMIN)}`,
        "--controllers=nodelifecycle",
        "--leader-elect=false",
        "--port=0",
        "--secure-port=0",
        `--node-monitor-grace-period=${GRACE_S}s`,
        "--node-monitor-period=1s",
      ]);
      return bed;
    } catch (error) {
      await bed.stop();
      throw error;
    }
  }

  get api(): AdminApi {
    if (this.#api === undefined) throw new Error("the API server is not up");
    return this.#api;
  }

  get kubelets(): Kubelets {
    if (this.#kubelets === undefined) throw new Error("the nodes are not up");
    return this.#kubelets;
  }

  /** Where the API server is, and the CA that its certificate is of. */
  get access(): { readonly origin: string; readonly ca: string } {
    return { origin: this.#origin, ca: this.#certificates.ca };
  }

  /** As `kubectl create` of objects that a document shows. */
  async create(...objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) await this.api.done("POST", collectionOf(object), object);
  }

  /** Path of a kubeconfig. */
  kubeconfig(user: User): string {
    return this.#kubeconfig(user, `${user}-token`);
  }

  async addNode(name: string): Promise<void> {
    const metadata = { name, labels: { [LABEL]: "enabled" } };
    await this.api.done("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata });
  }

  async deleteNode(name: string): Promise<void> {
    await this.api.done("DELETE", `/api/v1/nodes/${name}`);
  }

  /** The Ready condition of each node. */
  async ready(): Promise<readonly string[]> {
    const { items } = JSON.parse(await this.api.done("GET", "/api/v1/nodes"));
    return items.map(
      ({ status }: { status: { conditions?: { type: string; status: string }[] } }) =>
        status.conditions?.find(({ type }) => type === "Ready")?.status ?? "-",
    );
  }

  async allReady(): Promise<void> {
    await this.nodesAre("Ready", (ready) => ready.every((status) => status === "True"));
  }

  async nodesAre(what: string, matching: (ready: readonly string[]) => boolean): Promise<void> {
    await eventually(`nodes that are ${what}`, 180_000, async () => matching(await this.ready()) || undefined, 200);
  }

  freezeApiServer(): void {
    this.#apiServer?.signal("SIGSTOP");
  }

  thawApiServer(): void {
    this.#apiServer?.signal("SIGCONT");
  }

  /** Takes the rights of the user `monitor` away, or gives them back. */
  async allow(isAllowed: boolean): Promise<void> {
    const rules = isAllowed ? rulesFor(["list", "watch"]) : [];
    await this.api.done("PATCH", `${RBAC}/clusterroles/monitor`, { rules }, "merge");
  }

  async stop(): Promise<void> {
    this.thawApiServer();
    await this.#kubelets?.stop();
    await Promise.all(this.#children.map((child) => child.stop("SIGKILL")));
    this.#certificates[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startServers(): Promise<void> {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const etcd = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    this.#run("etcd", [
      `--data-dir=${join(this.folder, "etcd")}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
    ]);
    const { cert, key } = this.#certificates.issue("kube-apiserver", "IP:127.0.0.1");
    const tokens = ["admin", "monitor", "lister"].map((user) => `${user}-token,${user},${user}`);
    const tokenFile = join(this.folder, "tokens.csv");
    writeFileSync(tokenFile, tokens.join("\n").replace(",admin,admin", ',admin,admin,"system:masters"'));
    this.#origin = `https://127.0.0.1:${port}`;
    this.#apiServer = this.#run("kube-apiserver", [
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      "--insecure-port=0",
      "--endpoint-reconciler-type=none",
      `--etcd-servers=${etcd}`,
      "--authorization-mode=RBAC",
      `--tls-cert-file=${cert}`,
      `--tls-private-key-file=${key}`,
      `--token-auth-file=${tokenFile}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${cert}`,
      `--service-account-signing-key-file=${key}`,
      "--service-cluster-ip-range=198.18.200.0/24",
      `--cert-dir=${this.folder}`,
    ]);
    const api = new AdminApi({ ...this.access, token: ADMIN });
    await eventually("the API server to be ready", 180_000, async () => {
      if (this.#apiServer?.running !== true) throw new Error(`it ended: ${this.#apiServer?.output.slice(-2000)}`);
      return (await api.send("GET", "/readyz")).status === 200 || undefined;
    });
    this.#api = api;
  }

  async #grant(): Promise<void> {
    // The API server makes it itself, in its own time.
    await eventually("the namespace of the leases", 180_000, async () => {
      const { status } = await this.api.send("GET", "/api/v1/namespaces/kube-node-lease");
      return status === 200 || undefined;
    });
    await this.#role("monitor", ["list", "watch"]);
    await this.#role("lister", ["list"]);
  }

  async #role(name: User, verbs: readonly string[]): Promise<void> {
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const role = { apiVersion, kind: "ClusterRole", metadata: { name }, rules: rulesFor(verbs) };
    await this.api.done("POST", `${RBAC}/clusterroles`, role);
    await this.api.done("POST", `${RBAC}/clusterrolebindings`, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
    });
  }

  #kubeconfig(user: string, token: string): string {
    const path = join(this.folder, `kubeconfig-${user}`);
    const cluster = { server: this.#origin, "certificate-authority": this.#certificates.ca };
    const content = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "bed",
      contexts: [{ name: "bed", context: { cluster: "bed", user } }],
      clusters: [{ name: "bed", cluster }],
      users: [{ name: user, user: { token } }],
    };
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  }

  #run(program: string, args: readonly string[]): Child {
    mkdirSync(join(this.folder, "logs"), { recursive: true });
    const log = join(this.folder, "logs", program);
    const child = new Child(join(KUBERNETES, "bin", program), args, { log, deathSignal: "KILL" });
    this.#children.push(child);
    return child;
  }
}

function rulesFor(verbs: readonly string[]): readonly unknown[] {
  return [{ apiGroups: [""], resources: ["nodes"], verbs }];
}

function collectionOf({ apiVersion, kind, metadata: { namespace } }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${kind.toLowerCase()}s`;
}
