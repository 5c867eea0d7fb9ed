import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Container } from "../support/container.ts";
import { buildImage } from "../support/container-image.ts";
import { eventually } from "../support/eventually.ts";
import { MasakariWithOutages } from "../support/masakari-outage.ts";
import { Bed } from "./kubernetes/bed.ts";
import { patchedPod, volumesOfPod } from "./kubernetes/chart.ts";
import { documented } from "./kubernetes/documented.ts";
import { missingForKubernetes } from "./kubernetes/packages.ts";
import { type Place, type PodContainer, startOf } from "./kubernetes/pod.ts";
import { MountedServiceAccount } from "./kubernetes/service-account.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const NODES = ["node1", "node2", "node3", "node4", "node5"];
const IN_TIME = 180_000;
const WITHOUT = ["systemctl", "systemd-run", "busctl", "sudo"].map((name) => `/usr/bin/${name}`);
/** Shorter than operators have them. */
const QUICK = "[host]\nmonitoring_interval = 2\n[kubernetes]\nunknown_duration = 2\n";

async function startBed(t: TestContext): Promise<Bed> {
  const bed = await Bed.start(NODES);
  t.after(() => bed.stop());
  return bed;
}

async function build(folder: string): Promise<string> {
  const options = ["--compression", "none", "--package-version", "0", "--output", join(folder, "packages")];
  await promisify(execFile)("sh", ["bin/launch", "scripts/package.ts", ...options], { cwd: project });
  return await buildImage(join(project, "packaging/container/Containerfile"), {
    context: join(folder, "packages"),
    folder: join(folder, "helm"),
    base: { "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n", "/etc/shadow": "" },
    args: { PACKAGE: "masakari-monitors-common_0_amd64.deb" },
  });
}

/** A probe as the kubelet runs it; on a busy machine a response may take more than its 200 ms at times. */
async function probed(container: Container, command: readonly string[] = [], expected: 0 | 1): Promise<void> {
  await eventually(`${command.join(" ")} to end with ${expected}`, IN_TIME, async () => {
    const { code, output } = await container.exec(...command);
    if (code !== expected || output.includes("no response")) throw new Error(`${code} ${output}`);
    return true;
  });
}

const statusOf = (container: Container) => container.exec("masakari-monitors", "status", "hostmonitor");

test("the host monitor in a pod of openstack-helm, as the documents show it: rights, a replaced token, an outage of Masakari", {
  skip: missingForKubernetes(),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "container-kubernetes-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const shown = documented();
  const [bed, image] = await Promise.all([startBed(t), build(folder)]);
  const masakari = await MasakariWithOutages.start(t, join(folder, "control-plane.sqlite"), NODES);
  const notified = async (...texts: readonly string[]): Promise<void> => {
    await eventually(`${texts}`, IN_TIME, () => masakari.notified.length >= texts.length || undefined);
    assert.deepEqual(masakari.notified, texts);
  };

  const [account, ...rights] = shown.rights;
  const { name = "", namespace = "" } = account?.metadata ?? {};
  await bed.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await bed.create(...shown.rights.slice(0, 1));
  const tokens = new MountedServiceAccount(bed, { folder: join(folder, "service-account"), namespace, name });
  await tokens.rotate();

  const { spec } = await patchedPod(bed, shown.patch);
  assert.equal(spec.serviceAccountName, name);
  /** One of the DaemonSet's pods, once its init containers have run. @returns starts its container, also once more */
  const podOn = async (node: string): Promise<(container: PodContainer) => Container> => {
    const place: Place = {
      node,
      folders: volumesOfPod(join(folder, node), `${shown.configuration}${masakari.section()}${QUICK}`),
      serviceAccount: tokens.folder,
      service: { host: "127.0.0.1", port: new URL(bed.access.origin).port },
    };
    const run = (container: PodContainer): Container => {
      const options = { ...startOf(container, place), image, folder, without: WITHOUT };
      const started = new Container(options, container.command);
      t.after(async () => await started.kill());
      return started;
    };
    for (const container of spec.initContainers) {
      const started = run(container);
      assert.deepEqual(await started.exited, { code: 0, signal: null }, started.output);
    }
    return run;
  };
  const [monitor] = spec.containers;
  assert.ok(monitor !== undefined && spec.hostNetwork);
  const [live, ready] = [monitor.livenessProbe?.exec.command, monitor.readinessProbe?.exec.command];

  // Without its rights it names them; a restart would not help, and is not needed once they are given.
  const run = await podOn("node1");
  const first = run(monitor);
  const user = `system:serviceaccount:${namespace}:${name}`;
  const refusal = `403: nodes is forbidden: User "${user}" cannot list .*; give the service account the right to list and watch`;
  await first.line(new RegExp(`Kubernetes API: .*${refusal}`), IN_TIME);
  await probed(first, live, 0);
  await probed(first, ready, 1);
  assert.match((await statusOf(first)).output, new RegExp(`failing.*no host can be watched: .*${refusal}`));
  await bed.create(...rights);
  await first.line(/The Kubernetes API answers: watching 5 nodes with openstack-compute-node=enabled/, IN_TIME);
  await probed(first, ready, 0);
  // Each node has a pod, and sees each loss too.
  const other = (await podOn("node4"))(monitor);
  await other.line(/Watching 4 hosts of the cluster: 4 online/, IN_TIME);
  // The rights are no more than it needs.
  for (const path of ["nodes/node2", "pods", "secrets", "namespaces"]) {
    assert.equal(await tokens.ask(`/api/v1/${path}`), 403, path);
  }

  // A host is lost while the token is replaced, another one when the API server no longer takes the first token.
  const replaced = await tokens.rotate();
  await tokens.endPrevious();
  bed.kubelets.silence("node2");
  await notified("node2 STOPPED NORMAL");
  await eventually("the first token to end", IN_TIME, async () => {
    return (await tokens.ask("/api/v1/nodes", replaced)) === 401 || undefined;
  });
  await masakari.leave();
  bed.kubelets.silence("node3");
  await first.line(/node3 is down.*STOPPED, NORMAL/, IN_TIME);
  await first.line(/Masakari cannot be notified/, IN_TIME);
  await probed(first, live, 0);
  assert.doesNotMatch(first.output, /it returned 401|watch is refused|of Node:/);
  await first.kill();

  // The container starts anew in the same pod; node2 came back while none ran.
  bed.kubelets.resume("node2");
  await bed.nodesAre("Ready but for one", (status) => status.filter((text) => text === "True").length === 4);
  const second = run(monitor);
  await second.line(/The Kubernetes API answers: watching 5 nodes/, IN_TIME);
  await masakari.come();
  const sent = (...texts: readonly string[]) => {
    return eventually(`${texts}`, IN_TIME, () => texts.every((text) => masakari.notified.includes(text)) || undefined);
  };
  await sent("node3 STOPPED NORMAL", "node2 STARTED NORMAL");
  // What were repeated would be there by the time of what comes last.
  bed.kubelets.resume("node3");
  await sent("node3 STARTED NORMAL");
  assert.equal(masakari.notified.length, 4, `${masakari.notified}`);
  await probed(second, ready, 0);
  assert.doesNotMatch((await statusOf(second)).output, /volume|state_path|Kubernetes/);
  for (const running of [second, other]) assert.deepEqual(await running.stop(), { code: 0, signal: null });
});
