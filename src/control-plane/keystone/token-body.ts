import type { Json } from "../formats/python-json.ts";
import { formatTime } from "../formats/time.ts";
import { showRole } from "./resources/roles.ts";
import type { Grant } from "./token-store.ts";

/** The `token` object of Keystone's responses, members in its order. Without `catalog` the catalog is left out. */
export function tokenBody(grant: Grant, catalog: Json | undefined): Json {
  const { user, project, domain, applicationCredential, trust } = grant;
  return {
    token: {
      methods: grant.methods,
      user: { domain: named(user.domain), id: user.id, name: user.name, password_expires_at: null },
      audit_ids: grant.auditIds,
      expires_at: keystoneTime(grant.expiresAt),
      issued_at: keystoneTime(grant.issuedAt),
      ...(trust && {
        "OS-TRUST:trust": {
          id: trust.id,
          trustor_user: { id: trust.trustor },
          trustee_user: { id: trust.trustee },
          impersonation: trust.impersonation,
        },
      }),
      ...(project && {
        project: { domain: named(project.domain), id: project.id, name: project.name },
        ...(!trust && { is_domain: false }),
      }),
      ...(domain && { domain: named(domain) }),
      ...((project || domain) && { roles: grant.roles.map(trust ? showRole : named) }),
      ...((project || domain) && catalog !== undefined && { catalog }),
      ...(applicationCredential && {
        application_credential: {
          ...named(applicationCredential),
          restricted: applicationCredential.unrestricted !== true,
        },
      }),
    },
  };
}

function named({ id, name }: { readonly id: string; readonly name: string }) {
  return { id, name };
}

function keystoneTime(ms: number): string {
  return `${formatTime({ ms, micros: 0 })}Z`;
}
