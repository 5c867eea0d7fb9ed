import type { ApiOptions } from "../../openstack/create-session.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The login that OS_* variables describe, as an openrc file sets them for every OpenStack client.
 * @returns undefined if they name neither a Keystone nor an endpoint
 */
export function optionsFromEnvironment(env: Environment): ApiOptions | undefined {
  const of = (...names: string[]): string | undefined => names.map((name) => env[`OS_${name}`]).find((value) => value);
  if (of("AUTH_URL") === undefined && of("ENDPOINT") === undefined) return undefined;
  return {
    auth_type: of("AUTH_TYPE") ?? authType(of),
    auth_url: of("AUTH_URL"),
    username: of("USERNAME"),
    user_id: of("USER_ID"),
    password: of("PASSWORD"),
    user_domain_name: of("USER_DOMAIN_NAME"),
    user_domain_id: of("USER_DOMAIN_ID"),
    project_name: of("PROJECT_NAME", "TENANT_NAME"),
    project_id: of("PROJECT_ID", "TENANT_ID"),
    project_domain_name: of("PROJECT_DOMAIN_NAME"),
    project_domain_id: of("PROJECT_DOMAIN_ID"),
    domain_name: of("DOMAIN_NAME"),
    domain_id: of("DOMAIN_ID"),
    default_domain_name: of("DEFAULT_DOMAIN_NAME"),
    default_domain_id: of("DEFAULT_DOMAIN_ID", "DEFAULT_DOMAIN"),
    system_scope: of("SYSTEM_SCOPE"),
    trust_id: of("TRUST_ID"),
    token: of("TOKEN"),
    application_credential_id: of("APPLICATION_CREDENTIAL_ID"),
    application_credential_name: of("APPLICATION_CREDENTIAL_NAME"),
    application_credential_secret: of("APPLICATION_CREDENTIAL_SECRET"),
    endpoint: of("ENDPOINT"),
    region: of("REGION_NAME"),
    api_interface: of("INTERFACE", "ENDPOINT_TYPE"),
    cafile: of("CACERT"),
    certfile: of("CERT"),
    keyfile: of("KEY"),
    insecure: /^(true|1|yes|on)$/i.test(of("INSECURE") ?? ""),
  };
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
function authType(of: (name: string) => string | undefined): string {
  if (of("APPLICATION_CREDENTIAL_SECRET") !== undefined) return "v3applicationcredential";
  if (of("AUTH_URL") === undefined) return of("PASSWORD") === undefined ? "none" : "http_basic";
  return of("TOKEN") !== undefined && of("PASSWORD") === undefined ? "token" : "password";
}
