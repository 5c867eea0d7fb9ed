import { inTransaction } from "../../store/database.ts";
import { KeystoneFault } from "../fault.ts";
import type { IdentityStore, Role } from "../identity-store.ts";
import { newId } from "../new-id.ts";
import { conflict, filtered, found, type IdentityRoute, type JsonObject, listOf, notFound, oneOf } from "../routes.ts";
import { forUpdate, nameSchema, requireShape, textOrNull } from "../schema.ts";
import type { IdentityStores } from "./stores.ts";

const schema = {
  type: "object",
  properties: { name: nameSchema, description: textOrNull },
  required: ["name"],
} as const;

/** Those that a Keystone is bootstrapped with cannot be changed. */
const immutable = ["admin", "member", "reader", "service"];

/** A role as Keystone shows it; `description` only where the row has one. */
export function showRole({ id, name, description = null }: Role & { readonly description?: string | null }) {
  return { id, name, domain_id: null, description, options: immutable.includes(name) ? { immutable: true } : {} };
}

/** Reads `{id}` or `{name}` of a request. @throws KeystoneFault 404 */
export function requireRole(identities: IdentityStore, { id, name }: JsonObject): Role {
  const role = typeof id === "string" ? identities.role({ id }) : identities.role({ name: String(name) });
  return found(role, "role", String(id ?? name));
}

/** `/v3/roles` */
export function roleRoutes({ database, identities, tokens }: IdentityStores): IdentityRoute[] {
  const read = "SELECT id, name, description FROM role";
  const all = () => (database.prepare(`${read} ORDER BY rowid`).all() as unknown as Role[]).map(showRole);
  const one = (id: string) =>
    found(database.prepare(`${read} WHERE id = ?`).get(id) as Role | undefined, "role", id) as Role & {
      readonly description: string | null;
    };
  const requireChangeable = ({ id, name }: Role, what: "delete" | "update") => {
    if (!immutable.includes(name)) return;
    const message = `Unable to ${what} immutable role resource: \`${id}. Set resource option "immutable" to false first.`;
    throw new KeystoneFault(403, message);
  };
  const requireFree = (name: string) => {
    if (identities.role({ name })) throw conflict("role", `Duplicate entry found with name ${name}`);
  };
  return [
    {
      ...{ method: "GET", path: "/roles", rule: "list_roles", status: 200 },
      handle: (call) => listOf(call, "roles", filtered(all(), call.query, ["name"])),
    },
    {
      ...{ method: "POST", path: "/roles", rule: "create_role", status: 201, member: "role" },
      handle: (call) => {
        requireShape(schema, call.body);
        const { name, description = null } = call.body as { name: string; description?: string | null };
        requireFree(name);
        const id = newId();
        database.prepare("INSERT INTO role (id, name, description) VALUES (?, ?, ?)").run(id, name, description);
        return oneOf(call, "roles", "role", showRole({ id, name, description }));
      },
    },
    {
      ...{ method: "GET", path: "/roles/:role_id", rule: "get_role", status: 200 },
      handle: (call) => oneOf(call, "roles", "role", showRole(one(call.params.role_id ?? ""))),
    },
    {
      ...{ method: "PATCH", path: "/roles/:role_id", rule: "update_role", status: 200, member: "role" },
      handle: (call) => {
        requireShape(forUpdate(schema), call.body);
        const role = one(call.params.role_id ?? "");
        requireChangeable(role, "update");
        const { name, description } = { ...role, ...call.body } as typeof role;
        if (name !== role.name) requireFree(name);
        database.prepare("UPDATE role SET name = ?, description = ? WHERE id = ?").run(name, description, role.id);
        return oneOf(call, "roles", "role", showRole({ id: role.id, name, description }));
      },
    },
    {
      ...{ method: "DELETE", path: "/roles/:role_id", rule: "delete_role", status: 204 },
      handle: ({ params }) => {
        const role = identities.role({ id: params.role_id ?? "" });
        if (!role) throw notFound("role", params.role_id ?? "");
        requireChangeable(role, "delete");
        inTransaction(database, () => {
          const holders = database.prepare("SELECT DISTINCT user_id FROM assignment WHERE role_id = ?").all(role.id);
          for (const { user_id } of holders) tokens.revokeOfUser(String(user_id));
          database.prepare("DELETE FROM assignment WHERE role_id = ?").run(role.id);
          database.prepare("DELETE FROM role WHERE id = ?").run(role.id);
        });
        return undefined;
      },
    },
  ];
}
