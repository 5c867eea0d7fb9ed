import { promises } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../http/proxy.ts";
import type { Access } from "./access.ts";
import { AccessError } from "./errors.ts";

export interface AccessOptions {
  /** Path of a kubeconfig file; empty: the service account of the pod that this runs in. */
  readonly kubeconfig: string;
  /** Empty: the kubeconfig's current-context. */
  readonly context: string;
}

/** Where Kubernetes mounts a pod's service account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Bytes; a kubeconfig with many clusters and certificates has some 100 kB. */
const LARGEST_FILE = 4 * 1024 * 1024;

/**
 * Reads the files again, since tokens and certificates are replaced while this runs. @throws AccessError
 * @param directory of the service account
 */
export async function readAccess(
  { kubeconfig, context }: AccessOptions,
  environment: Environment,
  directory: string = SERVICE_ACCOUNT,
): Promise<Access> {
  if (kubeconfig === "") return await inCluster(environment, directory);
  const text = await readText(kubeconfig, "[kubernetes] kubeconfig");
  const { parseKubeconfig } = await import("./kubeconfig.ts");
  return await parseKubeconfig(text, { path: kubeconfig, context, readText });
}

async function inCluster(environment: Environment, directory: string): Promise<Access> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  if (host === "") {
    throw new AccessError(
      "this is not a pod (KUBERNETES_SERVICE_HOST is not set) and [kubernetes] kubeconfig is empty: set it to the path of a kubeconfig file",
    );
  }
  const token = await readText(join(directory, "token"), "the service account's token");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { cafile: join(directory, "ca.crt"), optionNames: { cafile: "the service account's ca.crt" } },
    credentials: { kind: "token", token },
  };
}

async function readText(path: string, what: string): Promise<string> {
  try {
    const content = await promises.readFile(path);
    if (content.length > LARGEST_FILE) throw new Error(`it has more than ${LARGEST_FILE} bytes`);
    return content.toString("utf8");
  } catch (cause) {
    throw new AccessError(`cannot read ${what} ${path}: ${(cause as Error).message}`, { cause });
  }
}
