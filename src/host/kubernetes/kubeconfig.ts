import { dirname, resolve } from "node:path";
import {
  array,
  boolean,
  parse as check,
  type InferOutput,
  looseObject,
  nullish,
  optional,
  safeParse,
  string,
  unknown,
} from "valibot";
import { parse } from "yaml";
import type { TlsOptions } from "../../http/tls.ts";
import type { Access, Credentials } from "./access.ts";
import { AccessError } from "./errors.ts";

export interface KubeconfigSource {
  /** Paths in the file are relative to its directory. */
  readonly path: string;
  /** Empty: current-context. */
  readonly context: string;
  /** @throws AccessError naming `what` */
  readonly readText: (path: string, what: string) => Promise<string>;
}

const text = nullish(string(), "");
const Cluster = looseObject({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": nullish(boolean(), false),
  "tls-server-name": text,
  "proxy-url": text,
});
const User = looseObject({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  exec: optional(unknown()),
  "auth-provider": optional(unknown()),
  as: text,
});
const Context = looseObject({ cluster: text, user: text });
const Kubeconfig = looseObject({
  "current-context": text,
  contexts: nullish(array(looseObject({ name: string(), context: nullish(Context, {}) })), []),
  clusters: nullish(array(looseObject({ name: string(), cluster: nullish(Cluster, {}) })), []),
  users: nullish(array(looseObject({ name: string(), user: nullish(User, {}) })), []),
});

/**
 * The server and the credentials of one context, as kubectl reads them. Messages hold no values of the file but names.
 * @throws AccessError for what is missing, or would need a program or a login of its own
 */
export async function parseKubeconfig(content: string, source: KubeconfigSource): Promise<Access> {
  const { path, readText } = source;
  const file = documentOf(content, path);
  const name = source.context === "" ? file["current-context"] : source.context;
  if (name === "") throw new AccessError(`${path}: has no current-context; set [kubernetes] context`);
  const context = file.contexts.find((one) => one.name === name)?.context;
  if (context === undefined) throw new AccessError(`${path}: has no context ${name}`);
  const cluster = file.clusters.find((one) => one.name === context.cluster)?.cluster;
  if (cluster === undefined) throw new AccessError(`${path}: context ${name} names no cluster in this file`);
  const user = file.users.find((one) => one.name === context.user)?.user ?? emptyUser;
  refuseUnsupported(cluster, user, `${path}: context ${name}`);
  const server = cluster.server.replace(/\/+$/, "");
  if (!/^https?:\/\//.test(server))
    throw new AccessError(`${path}: context ${name}: its server is not an https:// URL`);
  return {
    server,
    tls: tlsOf(cluster, user, path),
    credentials: await credentialsOf(user, path, readText),
    ...(cluster["proxy-url"] !== "" && { proxy: cluster["proxy-url"] }),
  };
}

type ClusterEntry = InferOutput<typeof Cluster>;
type UserEntry = InferOutput<typeof User>;

const emptyUser: UserEntry = check(User, {});

function documentOf(content: string, path: string): InferOutput<typeof Kubeconfig> {
  let document: unknown;
  try {
    document = parse(content, { logLevel: "silent", maxAliasCount: 100 });
  } catch (error) {
    const { linePos } = error as { linePos?: readonly { readonly line: number }[] };
    // Not the library's message: it quotes the line, which may hold a token.
    throw new AccessError(`${path}:${linePos?.[0]?.line ?? 1}: is not YAML`);
  }
  const result = safeParse(Kubeconfig, document);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = issue.path?.map(({ key }) => String(key)).join(".") ?? "";
  throw new AccessError(
    `${path}: is not a kubeconfig: ${where === "" ? "the document" : where} is not of the expected type`,
  );
}

function refuseUnsupported(cluster: ClusterEntry, user: UserEntry, where: string): void {
  const refuse = (what: string): never => {
    throw new AccessError(
      `${where}: ${what}, which is not supported; use a token, a tokenFile or a client certificate of a service account (docs/host-kubernetes.md)`,
    );
  };
  if (user.exec !== undefined && user.exec !== null) refuse("its user logs in with a program (exec)");
  if (user["auth-provider"] !== undefined && user["auth-provider"] !== null) refuse("its user has an auth-provider");
  if (user.as !== "") refuse("its user impersonates another (as)");
  if (cluster["tls-server-name"] !== "") refuse("its cluster has a tls-server-name");
}

function tlsOf(cluster: ClusterEntry, user: UserEntry, path: string): TlsOptions {
  const pem = (
    entry: Readonly<Record<string, unknown>>,
    option: "certificate-authority" | "client-certificate" | "client-key",
    names: readonly ["cafile", "ca"] | readonly ["certfile", "cert"] | readonly ["keyfile", "key"],
  ): TlsOptions => {
    const data = entry[`${option}-data`] as string;
    if (data !== "") return { [names[1]]: Buffer.from(data, "base64").toString("utf8") };
    const file = entry[option] as string;
    return file === "" ? {} : { [names[0]]: resolve(dirname(path), file) };
  };
  return {
    ...pem(cluster, "certificate-authority", ["cafile", "ca"]),
    ...pem(user, "client-certificate", ["certfile", "cert"]),
    ...pem(user, "client-key", ["keyfile", "key"]),
    ...(cluster["insecure-skip-tls-verify"] && { insecure: true }),
  };
}

/** A tokenFile takes precedence over a token, as in client-go. */
async function credentialsOf(
  user: UserEntry,
  path: string,
  readText: KubeconfigSource["readText"],
): Promise<Credentials> {
  if (user.tokenFile !== "") {
    const token = await readText(resolve(dirname(path), user.tokenFile), "tokenFile");
    return { kind: "token", token };
  }
  if (user.token !== "") return { kind: "token", token: user.token };
  if (user.username !== "") return { kind: "basic", username: user.username, password: user.password };
  return { kind: "none" };
}
