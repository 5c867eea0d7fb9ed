import type { ApiOptions } from "../../openstack/create-session.ts";
import { isMapping, type Mapping, merged, type Node, readCloudFiles } from "./cloud-files.ts";
import { type CommandContext, CommandError } from "./command-context.ts";
import { withDefaultDomain } from "./environment.ts";
import { vendorProfiles } from "./vendor-profiles.ts";

/** A login that clouds.yaml describes. */
export interface Cloud {
  readonly api: ApiOptions;
  /** Where Masakari is, if the file has it in place of the catalog. */
  readonly endpoint: string | undefined;
  /** For messages. */
  readonly origin: string;
}

/** Keys of a cloud's `auth` mapping, which may also stand beside it. */
const authKeys = [
  "auth_url",
  "username",
  "user_id",
  "password",
  "user_domain_name",
  "user_domain_id",
  "project_name",
  "project_id",
  "project_domain_name",
  "project_domain_id",
  "domain_name",
  "domain_id",
  "default_domain_name",
  "default_domain_id",
  "system_scope",
  "trust_id",
  "token",
  "application_credential_id",
  "application_credential_name",
  "application_credential_secret",
  "endpoint",
] as const;

/** Older spellings (openstacksdk, _fix_backwards_project and keystoneauth's deprecated options). */
const oldKeys: Readonly<Partial<Record<(typeof authKeys)[number], readonly string[]>>> = {
  project_name: ["tenant_name"],
  project_id: ["tenant_id"],
  username: ["user_name"],
  token: ["auth_token"],
  default_domain_id: ["default_domain"],
  endpoint: ["url"],
};

/**
 * The login of one cloud of clouds.yaml, as openstacksdk reads it. It takes nothing from the environment but the region
 * (OS_REGION_NAME), which must be one of the cloud's, and a password or token that the file leaves out.
 * @param name of the cloud; undefined: the only one that there is
 * @throws CommandError if there is no such cloud, or if it has what this command cannot do
 */
export async function loginOfCloud(name: string | undefined, context: CommandContext): Promise<Cloud> {
  const { clouds, profiles, where } = await readCloudFiles(context);
  const names = Object.keys(clouds);
  const wanted = name ?? (names.length === 1 ? names[0] : undefined);
  if (wanted === undefined) {
    throw new CommandError(`choose a cloud with --os-cloud or OS_CLOUD; there are ${list(names)} (${where})`);
  }
  const own = Object.hasOwn(clouds, wanted) ? clouds[wanted] : undefined;
  if (!isMapping(own)) throw new CommandError(`there is no cloud ${wanted}: ${where}; there are ${list(names)}`);
  const profile = await profileOf(normalised(own), profiles, context);
  const cloud = withRegion(normalised(own), profile, context.env.OS_REGION_NAME, wanted);
  requireAddress(cloud, wanted);
  return {
    api: withDefaultDomain(apiOptions(cloud, context)),
    endpoint: filledIn(cloud, "instance_ha_endpoint_override", "ha_endpoint_override", "instance_ha_endpoint"),
    origin: `the login is the cloud ${wanted} of ${where}`,
  };
}

const list = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));

/** Dashes and underscores in keys are the same. */
function normalised(node: Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key.replaceAll("-", "_"),
      isMapping(value) ? normalised(value) : value,
    ]),
  );
}

/** The first of the keys that is set to a text. */
function text(node: Mapping, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(node, key) ? node[key] : undefined;
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

/**
 * What the cloud's vendor profile stands for: of clouds-public.yaml, of openstacksdk, or of the vendor's server; empty if there is none.
 * @throws CommandError
 */
async function profileOf(cloud: Mapping, profiles: Mapping, context: CommandContext): Promise<Mapping> {
  const name = text(cloud, "profile", "cloud");
  if (name === undefined) return {};
  const ofSite = mappingIn(profiles, name);
  if (ofSite !== undefined) return normalised(ofSite);
  const builtIn = mappingIn(vendorProfiles, name);
  const address = text(builtIn ?? {}, "profile") ?? name;
  const profile = isRemote(address) ? await remoteProfile(address, context) : (builtIn ?? {});
  if (text(profile, "status") === "shutdown") {
    throw new CommandError(`the profile ${name} is of a cloud that no longer exists: ${text(profile, "message")}`);
  }
  return profile;
}

/** Whether the name of a profile is the address of a vendor that publishes one. */
const isRemote = (profile: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(profile);

/** What the vendor's server has; a profile that is built in by the vendor's name wins, as in openstacksdk. */
async function remoteProfile(address: string, context: CommandContext): Promise<Mapping> {
  const { fetchProfile } = await import("./remote-profile.ts");
  const { name = "", profile } = await fetchProfile(address, context);
  return merged(normalised(profile), mappingIn(vendorProfiles, name) ?? {});
}

function mappingIn(all: Mapping, name: string): Mapping | undefined {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  return isMapping(found) ? found : undefined;
}

/** @throws CommandError where a profile leaves open where to log in */
function requireAddress(cloud: Mapping, name: string): void {
  const profile = text(cloud, "profile", "cloud");
  const auth = isMapping(cloud.auth) ? cloud.auth : {};
  if (profile === undefined || [auth, cloud].some((node) => text(node, "auth_url", "endpoint") !== undefined)) return;
  throw new CommandError(
    `the cloud ${name} has the profile ${profile}, for which neither a clouds-public.yaml here nor openstacksdk has an auth_url; write it, and what else the profile stands for, into the cloud`,
  );
}

/** The cloud with what its profile and its region add. Regions of the cloud itself count, and only without any those of the profile. */
function withRegion(own: Mapping, profile: Mapping, wanted: string | undefined, name: string): Mapping {
  const cloud = merged(profile, own);
  const ofCloud = regionsOf(own);
  const known = ofCloud.length > 0 ? ofCloud : regionsOf(profile);
  if (known.length === 0) return wanted ? { ...cloud, region_name: wanted } : cloud;
  const found = wanted ? known.find((region) => region.name === wanted) : known[0];
  if (found === undefined) {
    const there = known.map((region) => region.name).join(", ");
    throw new CommandError(`the cloud ${name} has no region ${wanted} (OS_REGION_NAME); it has ${there}`);
  }
  return { ...merged(cloud, found.values), region_name: found.name };
}

function regionsOf({ regions, region_name: single }: Mapping): { readonly name: string; readonly values: Mapping }[] {
  const all: readonly Node[] = Array.isArray(regions) ? regions : Array.isArray(single) ? single : names(single);
  return all.flatMap((region) => {
    if (typeof region === "string") return region === "" ? [] : [{ name: region, values: {} }];
    const name = isMapping(region) ? region.name : undefined;
    if (typeof name !== "string" || !isMapping(region)) throw new CommandError("an entry of regions has no name");
    return [{ name, values: isMapping(region.values) ? normalised(region.values) : {} }];
  });
}

/** openstacksdk still takes several, separated by commas. */
const names = (single: Node | undefined): readonly string[] => (typeof single === "string" ? single.split(",") : []);

function apiOptions(cloud: Mapping, { env, homeDir }: CommandContext): ApiOptions {
  const auth: Mapping = isMapping(cloud.auth) ? cloud.auth : {};
  const of = (key: (typeof authKeys)[number]): string | undefined => {
    const keys = [key, ...(oldKeys[key] ?? [])];
    return text(auth, ...keys) ?? text(cloud, ...keys);
  };
  const login: Record<string, string | undefined> = Object.fromEntries(authKeys.map((key) => [key, of(key)]));
  login.auth_url = login.auth_url && withKeys(login.auth_url, "auth_url", cloud);
  shareDomain(login);
  const type = knownType(text(cloud, "auth_type", "auth_plugin")) ?? usualType(login);
  const path = (file: string | undefined): string | undefined =>
    file?.startsWith("~/") ? `${homeDir}${file.slice(1)}` : file;
  if (type.endsWith("password")) login.password ??= env.OS_PASSWORD || undefined;
  if (type.endsWith("token")) login.token ??= env.OS_TOKEN || undefined;
  return {
    ...login,
    auth_type: type,
    region: text(cloud, "instance_ha_region_name", "region_name"),
    api_interface:
      text(preferred(cloud), "instance_ha_interface", "instance_ha_endpoint_type", "interface", "endpoint_type") ??
      "public",
    cafile: path(filledIn(cloud, "cacert")),
    certfile: path(filledIn(cloud, "cert")),
    keyfile: path(filledIn(cloud, "key")),
    timeout: seconds(text(cloud, "api_timeout")),
    insecure: isTrue(text(cloud, "insecure")) || isFalse(text(cloud, "verify")),
  };
}

/** How to log in where the file does not have it. */
function usualType(login: Readonly<Record<string, string | undefined>>): string {
  if (login.application_credential_secret !== undefined) return "v3applicationcredential";
  return login.token === undefined ? "password" : "token";
}

/** openstacksdk takes `None` too, and has an earlier name for `admin_token`. */
function knownType(type: string | undefined): string | undefined {
  if (type?.toLowerCase() === "none") return "none";
  return type === "token_endpoint" ? "admin_token" : type;
}

/** Of a list, which names what to take if there is no earlier one, the first. */
const preferred = (cloud: Mapping): Mapping =>
  Object.fromEntries(
    Object.entries(cloud).map(([key, value]) => [key, Array.isArray(value) ? (value[0] ?? "") : value]),
  );

/** Undefined unless it is a positive number, of which openstacksdk makes a time-out too. */
const seconds = (word: string | undefined): number | undefined => (Number(word) > 0 ? Number(word) : undefined);

/** The first of the keys that is set, with the values of the keys of the cloud that it names. */
function filledIn(cloud: Mapping, ...keys: readonly string[]): string | undefined {
  const key = keys.find((one) => text(cloud, one) !== undefined);
  return key === undefined ? undefined : withKeys(text(cloud, key) ?? "", key, cloud);
}

/** `{region_name}` and other keys of the cloud, in what an option has. */
function withKeys(value: string, option: string, cloud: Mapping): string {
  return value.replaceAll(/\{(\w+)\}/g, (whole, key: string) => {
    const found = text(cloud, key);
    if (found === undefined) throw new CommandError(`${option} has ${whole}, but the cloud has no ${key}`);
    return found;
  });
}

/** A domain beside a project is the domain of the project and of the user, where these have none of their own. */
function shareDomain(login: Record<string, string | undefined>): void {
  if (login.project_name === undefined && login.project_id === undefined) return;
  for (const kind of ["name", "id"] as const) {
    const domain = login[`domain_${kind}`];
    login[`user_domain_${kind}`] ??= domain;
    login[`project_domain_${kind}`] ??= domain;
    login[`domain_${kind}`] = undefined;
  }
}

// YAML 1.1's words.
const isTrue = (word: string | undefined): boolean => /^(?:true|yes|on|1)$/i.test(word ?? "");
const isFalse = (word: string | undefined): boolean => /^(?:false|no|off|0)$/i.test(word ?? "");
