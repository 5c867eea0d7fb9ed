import type { Resolved } from "./resolve.ts";

type Login = Record<string, Resolved>;

const given = (login: Login, name: string): boolean => login[name]?.value !== undefined;

const others = [
  "user_domain_name",
  "user_domain_id",
  "project_domain_name",
  "project_domain_id",
  "default_domain_name",
  "default_domain_id",
] as const;

/**
 * `domain_name` (or `domain_id`) beside `project_name`, with no user or project domain, means the domain of both; upstream's
 * own example configuration is written so. keystoneauth would see two scopes at once and refuse.
 * @returns the same [api] section with the user's and the project's domain in place of the domain scope
 */
export function spreadDomain(login: Login): Login {
  if (!given(login, "project_name") || others.some((name) => given(login, name))) return login;
  const spread = { ...login };
  for (const kind of ["name", "id"] as const) {
    const domain = login[`domain_${kind}`];
    if (domain?.value === undefined) continue;
    spread[`user_domain_${kind}`] = domain;
    spread[`project_domain_${kind}`] = domain;
    spread[`domain_${kind}`] = { value: undefined, origin: { kind: "default" } };
  }
  return spread;
}
