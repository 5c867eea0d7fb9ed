import type { Domain } from "../identity-store.ts";
import { filtered, found, type IdentityRoute, listOf, oneOf } from "../routes.ts";
import type { IdentityStores } from "./stores.ts";

/** @throws KeystoneFault 404 */
export function requireDomain({ identities }: IdentityStores, id: string): Domain {
  return found(identities.domain({ id }), "domain", id);
}

/** `/v3/domains`, and groups, of which there are none: read only. */
export function domainRoutes({ database }: IdentityStores): IdentityRoute[] {
  const all = () =>
    (
      database.prepare("SELECT id, name, description FROM domain ORDER BY rowid").all() as unknown as (Domain & {
        description: string;
      })[]
    ).map(({ id, name, description }) => ({ id, name, description, enabled: true, tags: [], options: {} }));
  return [
    {
      ...{ method: "GET", path: "/domains", rule: "list_domains", status: 200 },
      handle: (call) => listOf(call, "domains", filtered(all(), call.query, ["name", "enabled"])),
    },
    {
      ...{ method: "GET", path: "/domains/:domain_id", rule: "get_domain", status: 200 },
      allows: ({ caller, params }) => (caller.project?.domain ?? caller.domain)?.id === params.domain_id,
      handle: (call) => {
        const id = call.params.domain_id ?? "";
        return oneOf(
          call,
          "domains",
          "domain",
          found(
            all().find((domain) => domain.id === id),
            "domain",
            id,
          ),
        );
      },
    },
    {
      ...{ method: "GET", path: "/groups", rule: "list_groups", status: 200 },
      handle: (call) => listOf(call, "groups", []),
    },
  ];
}
