import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import type { Loaded } from "./load.ts";
import { diagnosticAt, originOf } from "./origin.ts";
import type { Config } from "./sections.ts";
import { readTextFile } from "./text-file.ts";

type Api = Config["api"];
type Name = keyof Api & string;

/** What each way to log in cannot do without: one of each row. Facts: keystoneauth1's plugins. */
const needs: Readonly<Record<Api["auth_type"], readonly (readonly Name[])[]>> = {
  password: [["auth_url"], ["username", "user_id"], ["password"]],
  v3password: [["auth_url"], ["username", "user_id"], ["password"]],
  token: [["auth_url"], ["token"]],
  v3token: [["auth_url"], ["token"]],
  v3applicationcredential: [
    ["auth_url"],
    ["application_credential_id", "application_credential_name"],
    ["application_credential_secret"],
  ],
  none: [["endpoint"]],
  noauth: [["endpoint"]],
  admin_token: [["endpoint"], ["token"]],
  http_basic: [["endpoint"], ["username"], ["password"]],
};

const scopes = [
  ["project_name", "project_id"],
  ["domain_name", "domain_id"],
  ["system_scope"],
  ["trust_id"],
] as const satisfies readonly (readonly Name[])[];

/** Bundles of authorities are larger than a configuration. */
const MAX_CERTIFICATE_BYTES = 16 * 1024 * 1024;

const isHttp = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");

/**
 * Whether the [api] section is enough to log in and to reach Masakari: what is missing, contradictory, no URL or an
 * unreadable file. It asks no server. What the login itself would refuse (openstack/auth) is an error here.
 */
export function checkLogin({ config: { api }, origins, begins, failed, shown, unread }: Loaded): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (severity: "error" | "warning", name: Name, message: string): void => {
    const origin = originOf(origins, "api", name);
    const section = begins.get("api");
    // What is missing has no line; the section that it belongs into has one.
    if (origin.kind === "default" && section)
      found.push({ ...diagnostic(severity, section, `[api] ${message}`), section: "api" });
    else found.push(diagnosticAt(severity, "api", origin, `[api] ${message}`));
  };
  const has = (names: readonly Name[]): boolean => names.some((name) => api[name] !== undefined);
  // What is in a file that cannot be read, or is set to what it cannot be, is not missing; that is reported already.
  const isMissing = (names: readonly Name[]): boolean =>
    unread.length === 0 && !has(names) && !names.some((name) => failed.has(`api.${name}`));

  for (const names of needs[api.auth_type]) {
    if (isMissing(names))
      report("error", "auth_type", `${names.join(" or ")} is missing; auth_type = ${api.auth_type} needs it`);
  }
  const byPassword = api.auth_type === "password" || api.auth_type === "v3password";
  const byCredentialName = api.auth_type === "v3applicationcredential" && !has(["application_credential_id"]);
  if (byCredentialName && has(["application_credential_name"]) && isMissing(["user_id", "username"])) {
    report(
      "error",
      "application_credential_name",
      "application_credential_name needs the user: set username or user_id",
    );
  }
  if (
    (byPassword || byCredentialName) &&
    api.username !== undefined &&
    isMissing(["user_id", "user_domain_name", "user_domain_id", "default_domain_name", "default_domain_id"])
  ) {
    report(
      "error",
      "username",
      "username has no user_domain_name (usually Default): Keystone cannot determine the user's domain",
    );
  }
  const named = byPassword || api.auth_type === "token" || api.auth_type === "v3token";
  const scoped = scopes.filter((names) => has(names));
  if (named && isMissing(scopes.flat())) {
    report("warning", "auth_type", "project_name is missing: a token without a project finds no endpoint of Masakari");
  }
  const [, second] = scoped;
  if (named && second) {
    const names = scoped.map((list) => list.find((name) => has([name]))).join(" and ");
    report(
      "error",
      second.find((name) => has([name])) ?? second[0],
      `a token can have one scope only, but ${names} are set`,
    );
  }
  if (named && api.system_scope !== undefined && api.system_scope !== "all") {
    report("error", "system_scope", "system_scope has one possible value: all");
  }
  if (
    named &&
    api.project_name !== undefined &&
    isMissing(["project_id", "project_domain_name", "project_domain_id", "default_domain_name", "default_domain_id"])
  ) {
    const reason = "Keystone cannot determine the project's domain";
    report("error", "project_name", `project_name has no project_domain_name (usually Default): ${reason}`);
  }
  for (const name of ["auth_url", "endpoint"] as const) {
    const url = api[name];
    if (url !== undefined && !isHttp(url))
      report("error", name, `${name} must be a URL that begins with http:// or https://`);
  }
  const secure = [api.auth_url, api.endpoint].some((url) => url?.startsWith("https:"));
  for (const name of ["cafile", "certfile", "keyfile"] as const) {
    const path = api[name];
    const read = path === undefined ? undefined : readTextFile(path, MAX_CERTIFICATE_BYTES);
    if (read && "reason" in read)
      report(secure ? "error" : "warning", name, `${name}: ${shown.get(`api.${name}`) ?? path} ${read.reason}`);
  }
  return found;
}
