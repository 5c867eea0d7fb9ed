import { existsSync, statfsSync } from "node:fs";

/** statfs(2): what container engines lay over an image. */
const OVERLAY = 0x794c7630;

/**
 * Whether a directory is in the layer that a container engine makes for one container and removes with it, and so is not on a volume.
 * @param env of this process: Kubernetes and Podman leave a mark in it
 * @throws the system's error if it is not there
 */
export function isContainerLayer(path: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return isContainer(env) && statfsSync(path).type === OVERLAY;
}

/** A host may have an overlay too, on a disk that lasts, and so may a system's container (`container=lxc`). */
function isContainer(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.KUBERNETES_SERVICE_HOST !== undefined || /^(?:podman|oci|docker)$/.test(env.container ?? "")) return true;
  return existsSync("/.dockerenv") || existsSync("/run/.containerenv");
}

/** Whether the host's `/run` is mounted here, or this is the host. */
export function isRunOfHost(): boolean {
  return existsSync("/run/systemd/system");
}
