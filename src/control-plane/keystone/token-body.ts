import type { Json } from "../formats/python-json.ts";
import { formatTime } from "../formats/time.ts";
import type { Grant } from "./token-store.ts";

/** The `token` object of Keystone's answers, members in its order. Without `catalog` the catalog is left out. */
export function tokenBody(grant: Grant, catalog: Json | undefined): Json {
  const { user, project, domain, applicationCredential } = grant;
  return {
    token: {
      methods: grant.methods,
      user: { domain: named(user.domain), id: user.id, name: user.name, password_expires_at: null },
      audit_ids: grant.auditIds,
      expires_at: keystoneTime(grant.expiresAt),
      issued_at: keystoneTime(grant.issuedAt),
      ...(project && {
        project: { domain: named(project.domain), id: project.id, name: project.name },
        is_domain: false,
      }),
      ...(domain && { domain: named(domain) }),
      ...((project || domain) && { roles: grant.roles.map(named) }),
      ...((project || domain) && catalog !== undefined && { catalog }),
      ...(applicationCredential && { application_credential: { ...applicationCredential, restricted: true } }),
    },
  };
}

function named({ id, name }: { readonly id: string; readonly name: string }): Json {
  return { id, name };
}

function keystoneTime(ms: number): string {
  return `${formatTime({ ms, micros: 0 })}Z`;
}
