import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Bed, KubernetesObject } from "./bed.ts";
import { YAML } from "./documented.ts";
import type { PodTemplate } from "./pod.ts";

const DAEMON_SETS = "/apis/apps/v1/namespaces/openstack/daemonsets";

/** Of openstack-helm's `masakari-monitors-init.sh.tpl`. */
const INIT = `#!/bin/bash
set -ex

nova_compute_hostname="$COMPUTE_NODE_NAME"
cat <<EOF>/tmp/pod-shared/masakarimonitors.conf
[DEFAULT]
hostname=$nova_compute_hostname
EOF
`;

/** Has the API server keep the chart's DaemonSet and patch it. @returns the template of its pods as it is then */
export async function patchedPod(
  bed: Bed,
  { name, content }: { name: string; content: unknown },
): Promise<PodTemplate> {
  const file = fileURLToPath(new URL("masakari-host-monitor.yaml", import.meta.url));
  await bed.create(parse(readFileSync(file, "utf8"), YAML) as KubernetesObject);
  const patched = await bed.api.done("PATCH", `${DAEMON_SETS}/${name}`, content, "strategic-merge");
  return (JSON.parse(patched) as { spec: { template: PodTemplate } }).spec.template;
}

/** The volumes of one of its pods, and of the patch, with what the chart puts into them. @returns folders by the volumes' names */
export function volumesOfPod(folder: string, configuration: string): Readonly<Record<string, string>> {
  const made = (name: string, mode: number, files: Readonly<Record<string, string>> = {}): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text, { mode });
    // Without the umask.
    for (const changed of [path, ...Object.keys(files).map((file) => join(path, file))]) chmodSync(changed, mode);
    return path;
  };
  const run = made("run", 0o755);
  mkdirSync(join(run, "systemd/system"), { recursive: true });
  return {
    "pod-tmp": made("pod-tmp", 0o777),
    "oslo-lock-path": made("oslo-lock-path", 0o777),
    "pod-shared": made("pod-shared", 0o777),
    masakarietc: made("masakarietc", 0o777),
    "masakari-bin": made("masakari-bin", 0o555, { "masakari-monitors-init.sh": INIT }),
    "masakari-etc": made("masakari-etc", 0o555, { "masakarimonitors.conf": configuration, masakari_sudoers: "" }),
    run,
    varrun: run,
    shm: made("shm", 0o1777),
    state: made("state", 0o755),
  };
}
