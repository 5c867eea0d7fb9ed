import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ContainerOptions } from "../../support/container.ts";

/** Of a DaemonSet as the API server has stored it. */
export interface PodTemplate {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly hostNetwork: boolean;
    readonly initContainers: readonly PodContainer[];
    readonly containers: readonly PodContainer[];
  };
}

export interface PodContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: FieldRef }[];
  readonly securityContext: { readonly runAsUser: number; readonly allowPrivilegeEscalation?: boolean };
  readonly volumeMounts: readonly VolumeMount[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface FieldRef {
  readonly fieldRef: { readonly fieldPath: string };
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

/** What a kubelet knows of the pod that it starts. */
export interface Place {
  readonly node: string;
  /** Of this machine, by the volume's name. */
  readonly folders: Readonly<Record<string, string>>;
  /** Is mounted in every container. */
  readonly serviceAccount: string;
  /** Of the API server. */
  readonly service: { readonly host: string; readonly port: string };
}

/** How a kubelet starts a container of a pod. */
export function startOf(
  container: PodContainer,
  { node, folders, serviceAccount, service }: Place,
): Pick<ContainerOptions, "hostname" | "uid" | "gid" | "env" | "volumes" | "privilegeEscalation"> {
  const { env = [], securityContext, volumeMounts } = container;
  const { runAsUser: uid, allowPrivilegeEscalation: privilegeEscalation = true } = securityContext;
  const variables = env.map(({ name, value, valueFrom }) => {
    if (valueFrom !== undefined && valueFrom.fieldRef.fieldPath !== "spec.nodeName") {
      throw new Error(`${name}: ${valueFrom.fieldRef.fieldPath} is not known here`);
    }
    return [name, valueFrom === undefined ? (value ?? "") : node];
  });
  const account = { mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true, from: serviceAccount };
  const mounts = [
    ...volumeMounts.map((mount) => ({ ...mount, from: sourceOf(mount, folders) })),
    account,
    // As container engines order them, so that none hides another.
  ].sort((one, other) => depthOf(one.mountPath) - depthOf(other.mountPath));
  return {
    // `hostNetwork: true`
    hostname: node,
    uid,
    gid: uid,
    env: {
      HOME: "/",
      KUBERNETES_SERVICE_HOST: service.host,
      KUBERNETES_SERVICE_PORT: service.port,
      ...Object.fromEntries(variables),
    },
    volumes: mounts.map(({ from, mountPath, readOnly }) => `${from}:${mountPath}${readOnly ? ":ro" : ""}`),
    privilegeEscalation,
  };
}

function sourceOf({ name, subPath = "" }: VolumeMount, folders: Place["folders"]): string {
  const folder = folders[name];
  if (folder === undefined) throw new Error(`no volume ${name}`);
  const source = join(folder, subPath);
  if (!existsSync(source)) throw new Error(`volume ${name} has no ${subPath}`);
  return source;
}

function depthOf(path: string): number {
  return path.split("/").length;
}
