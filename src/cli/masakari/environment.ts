import type { ApiOptions } from "../../openstack/create-session.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Members of a login, and the variables that they come from without `OS_`, of which the first that is set counts. */
const members = {
  auth_url: ["AUTH_URL"],
  username: ["USERNAME", "USER_NAME"],
  user_id: ["USER_ID"],
  password: ["PASSWORD"],
  user_domain_name: ["USER_DOMAIN_NAME"],
  user_domain_id: ["USER_DOMAIN_ID"],
  project_name: ["PROJECT_NAME", "TENANT_NAME"],
  project_id: ["PROJECT_ID", "TENANT_ID"],
  project_domain_name: ["PROJECT_DOMAIN_NAME"],
  project_domain_id: ["PROJECT_DOMAIN_ID"],
  domain_name: ["DOMAIN_NAME"],
  domain_id: ["DOMAIN_ID"],
  default_domain_name: ["DEFAULT_DOMAIN_NAME"],
  default_domain_id: ["DEFAULT_DOMAIN_ID", "DEFAULT_DOMAIN"],
  system_scope: ["SYSTEM_SCOPE"],
  trust_id: ["TRUST_ID"],
  token: ["TOKEN"],
  application_credential_id: ["APPLICATION_CREDENTIAL_ID"],
  application_credential_name: ["APPLICATION_CREDENTIAL_NAME"],
  application_credential_secret: ["APPLICATION_CREDENTIAL_SECRET"],
  endpoint: ["ENDPOINT"],
  region: ["REGION_NAME"],
  api_interface: ["INTERFACE", "ENDPOINT_TYPE"],
  cafile: ["CACERT"],
  certfile: ["CERT"],
  keyfile: ["KEY"],
} as const satisfies Partial<Record<keyof ApiOptions, readonly string[]>>;

/** Two ways to name the same: whoever gives one of them does not mean an earlier other one. */
const alternatives = [
  ["username", "user_id"],
  ["user_domain_name", "user_domain_id"],
  ["project_name", "project_id"],
  ["project_domain_name", "project_domain_id"],
  ["domain_name", "domain_id"],
  ["default_domain_name", "default_domain_id"],
  ["application_credential_name", "application_credential_id"],
] as const;

type Login = { readonly [Member in keyof typeof members]?: string | undefined } & {
  readonly auth_type?: string | undefined;
};

function loginIn(env: Environment): Login {
  const entries = Object.entries(members).map(([member, names]) => [member, firstOf(env, names)] as const);
  return { ...Object.fromEntries(entries), auth_type: firstOf(env, ["AUTH_TYPE", "AUTH_PLUGIN"]) };
}

const firstOf = (env: Environment, names: readonly string[]): string | undefined =>
  names.map((name) => env[`OS_${name}`]).find((value) => value);

/**
 * The login that OS_* variables describe, as an openrc file sets them for every OpenStack client.
 * @returns undefined if they name neither a Keystone nor an endpoint
 */
export function optionsFromEnvironment(env: Environment): ApiOptions | undefined {
  const login = loginIn(env);
  if (login.auth_url === undefined && login.endpoint === undefined) return undefined;
  return withDefaultDomain({
    ...login,
    auth_type: login.auth_type ?? usualType(login),
    insecure: isTrue(env.OS_INSECURE),
  });
}

/** As with openstackclient, a user or a project whose domain nobody has named is of the domain with the id `default`. */
export function withDefaultDomain(api: ApiOptions): ApiOptions {
  const { auth_type = "password", domain_id, domain_name, default_domain_id, default_domain_name } = api;
  if (!auth_type.endsWith("password")) return api;
  const named = [domain_id, domain_name, default_domain_id, default_domain_name].some((domain) => domain);
  return named ? api : { ...api, default_domain_id: "default" };
}

/**
 * The login with what the command line has instead, e.g. another project.
 * @param options in the form of OS_* variables
 */
export function withOptions<Options extends ApiOptions>(login: Options, options: Environment): Options {
  const given = Object.entries(loginIn(options)).filter(([, value]) => value !== undefined);
  const changes: Login = Object.fromEntries(given);
  const replaced = alternatives.flatMap((pair) =>
    pair.flatMap((member, index) => (changes[member] === undefined ? [] : (pair[1 - index] ?? []))),
  );
  const without = Object.fromEntries(replaced.map((member) => [member, undefined]));
  const impliesType = changes.token !== undefined || changes.application_credential_secret !== undefined;
  const type = impliesType ? { auth_type: usualType({ ...changes, auth_url: "", password: undefined }) } : {};
  const insecure = isTrue(options.OS_INSECURE) ? { insecure: true } : {};
  return { ...login, ...without, ...type, ...changes, ...insecure };
}

/** The environment with what the command line has instead of it; both in the form of OS_* variables. */
export function environmentWith(env: Environment, options: Environment): Environment {
  const given = loginIn(options);
  const replaced = Object.entries(members).flatMap(([member, names]) => {
    const pair = alternatives.find((both) => both.some((one) => one === member));
    return pair?.some((one) => given[one] !== undefined) ? names.map((name) => `OS_${name}`) : [];
  });
  return { ...env, ...Object.fromEntries(replaced.map((name) => [name, undefined])), ...options };
}

/** Each of these asks for a certain cloud, but none of them has its address. */
const halfALogin = [
  "USERNAME",
  "USER_ID",
  "PASSWORD",
  "PROJECT_NAME",
  "PROJECT_ID",
  "TENANT_NAME",
  "TENANT_ID",
  "TOKEN",
  "URL",
  "REGION_NAME",
  "APPLICATION_CREDENTIAL_ID",
  "APPLICATION_CREDENTIAL_NAME",
  "APPLICATION_CREDENTIAL_SECRET",
] as const;

/** A variable that belongs to a login, in an environment that is none: whoever set it means another cloud than this host's. */
export function strayVariable(env: Environment): string | undefined {
  return halfALogin.map((name) => `OS_${name}`).find((name) => env[name]);
}

/** What openrc files leave out: a token, an application credential or a lone endpoint implies how to log in. */
function usualType(login: Login): string {
  if (login.application_credential_secret !== undefined) return "v3applicationcredential";
  if (login.auth_url === undefined) return login.password === undefined ? "none" : "http_basic";
  return login.token !== undefined && login.password === undefined ? "token" : "password";
}

const isTrue = (word: string | undefined): boolean => /^(true|1|yes|on)$/i.test(word ?? "");
