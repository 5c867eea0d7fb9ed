import { AuthOptionsError } from "../errors.ts";

type Text = string | undefined;

/** keystoneauth's plugin options under their oslo names, whatever they were read from. An empty string means unset. */
export interface AuthOptions {
  readonly auth_type?: Text;
  readonly auth_url?: Text;
  readonly user_id?: Text;
  readonly username?: Text;
  readonly password?: Text;
  readonly user_domain_id?: Text;
  readonly user_domain_name?: Text;
  readonly project_id?: Text;
  readonly project_name?: Text;
  readonly project_domain_id?: Text;
  readonly project_domain_name?: Text;
  readonly domain_id?: Text;
  readonly domain_name?: Text;
  readonly default_domain_id?: Text;
  readonly default_domain_name?: Text;
  readonly system_scope?: Text;
  readonly trust_id?: Text;
  readonly token?: Text;
  readonly application_credential_id?: Text;
  readonly application_credential_name?: Text;
  readonly application_credential_secret?: Text;
  readonly endpoint?: Text;
}

/** The value of a required option. @throws AuthOptionsError */
export function requireOption(options: AuthOptions, name: keyof AuthOptions): string {
  const value = options[name];
  if (value === undefined || value === "") {
    throw new AuthOptionsError(`auth_type ${options.auth_type ?? "password"} needs ${name}: set it in [api]`);
  }
  return value;
}

/** A domain as Keystone takes it in a request; the id is preferred, as in keystoneauth. */
export type DomainRef = { readonly id: string } | { readonly name: string };

/** The first pair with a value: an id or a name. */
export function domainRef(...pairs: readonly (readonly [Text, Text])[]): DomainRef | undefined {
  for (const [id, name] of pairs) {
    if (id) return { id };
    if (name) return { name };
  }
  return undefined;
}

/** `"service" (domain "Default")`, for messages. */
export function describeReference(
  what: string,
  ref: { id?: string; name?: string; domain?: DomainRef | undefined },
): string {
  if (ref.id !== undefined) return `${what} id ${ref.id}`;
  const domain = ref.domain && ("id" in ref.domain ? `domain id ${ref.domain.id}` : `domain "${ref.domain.name}"`);
  return `${what} "${ref.name ?? ""}"${domain === undefined ? "" : ` (${domain})`}`;
}
