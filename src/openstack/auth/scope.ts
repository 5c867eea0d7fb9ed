import { AuthOptionsError } from "../errors.ts";
import { type AuthOptions, type DomainRef, describeReference, domainRef } from "./options.ts";

/** What a token is asked for, and how to name it to an operator. `body` undefined: unscoped, so the user's default project. */
export interface Scope {
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly described: string;
}

/**
 * `domain_name` beside a project is a second scope to keystoneauth, which then refuses to log in; real files
 * have it so and mean the domain of both user and project, so that is what it means here.
 */
function bothDomains(options: AuthOptions): readonly [string | undefined, string | undefined] {
  return options.project_id || options.project_name ? [options.domain_id, options.domain_name] : [undefined, undefined];
}

/** The user's domain; undefined only with a user_id. @throws AuthOptionsError */
export function userDomain(options: AuthOptions): DomainRef {
  const domain = domainRef(
    [options.user_domain_id, options.user_domain_name],
    [options.default_domain_id, options.default_domain_name],
    bothDomains(options),
  );
  if (domain === undefined) {
    throw new AuthOptionsError(
      "a username is only unique in its domain: set user_domain_name (usually Default) in [api]",
    );
  }
  return domain;
}

/** @throws AuthOptionsError for two scopes at once, or a project name without its domain */
export function scopeOf(options: AuthOptions): Scope {
  const scopes = [projectScope(options), systemScope(options), trustScope(options)].filter((one) => one !== undefined);
  if (scopes.length === 0) return domainScope(options);
  const [only, second] = scopes;
  if (only === undefined || second !== undefined) {
    throw new AuthOptionsError(
      "a token has one scope: set only one of project_name/project_id, system_scope, trust_id",
    );
  }
  return only;
}

function projectScope(options: AuthOptions): Scope | undefined {
  if (options.project_id) {
    const project = { id: options.project_id };
    return { body: { project }, described: describeReference("project", project) };
  }
  if (!options.project_name) return undefined;
  const domain = domainRef(
    [options.project_domain_id, options.project_domain_name],
    [options.default_domain_id, options.default_domain_name],
    bothDomains(options),
  );
  if (domain === undefined) {
    throw new AuthOptionsError(
      "a project name is only unique in its domain: set project_domain_name (usually Default) in [api]",
    );
  }
  const project = { name: options.project_name, domain };
  return { body: { project }, described: describeReference("project", project) };
}

function systemScope(options: AuthOptions): Scope | undefined {
  if (!options.system_scope) return undefined;
  if (options.system_scope !== "all") throw new AuthOptionsError("system_scope has one possible value: all");
  return { body: { system: { all: true } }, described: "the whole system" };
}

function trustScope(options: AuthOptions): Scope | undefined {
  if (!options.trust_id) return undefined;
  return { body: { "OS-TRUST:trust": { id: options.trust_id } }, described: `trust ${options.trust_id}` };
}

function domainScope(options: AuthOptions): Scope {
  const domain = domainRef([options.domain_id, options.domain_name]);
  if (domain === undefined) return { body: undefined, described: "no project" };
  return { body: { domain }, described: "id" in domain ? `domain id ${domain.id}` : `domain "${domain.name}"` };
}
