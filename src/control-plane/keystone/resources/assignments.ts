import type { SQLInputValue } from "node:sqlite";
import { inTransaction } from "../../store/database.ts";
import { KeystoneFault } from "../fault.ts";
import type { Role } from "../identity-store.ts";
import { found, type IdentityCall, type IdentityRoute, listOf } from "../routes.ts";
import { showRole } from "./roles.ts";
import type { IdentityStores } from "./stores.ts";

interface Assignment {
  readonly user_id: string;
  readonly role_id: string;
  readonly target_type: "project" | "domain";
  readonly target_id: string;
}

/** The roles of users in projects and domains, and `/v3/role_assignments`. */
export function assignmentRoutes(stores: IdentityStores): IdentityRoute[] {
  return [
    ...grantRoutes(stores, "project"),
    ...grantRoutes(stores, "domain"),
    {
      ...{ method: "GET", path: "/role_assignments", rule: "list_role_assignments", status: 200 },
      handle: (call) => {
        const { links, ...list } = listOf(call, "role_assignments", []) as { links: string };
        return { ...list, role_assignments: assignments(stores, call), links };
      },
    },
  ];
}

function grantRoutes(stores: IdentityStores, targetType: "project" | "domain"): IdentityRoute[] {
  const { database, identities, tokens } = stores;
  const path = `/${targetType}s/:target_id/users/:user_id/roles`;
  const named = ({ params }: IdentityCall) => {
    const { target_id: targetId = "", user_id: userId = "", role_id: roleId } = params;
    const role = roleId === undefined ? undefined : found(identities.role({ id: roleId }), "role", roleId);
    found(identities.user({ id: userId }), "user", userId);
    found(identities[targetType]({ id: targetId }), targetType, targetId);
    return { values: [userId, targetType, targetId, role?.id ?? ""] as const, userId, targetId, roleId };
  };
  const where = "user_id = ? AND target_type = ? AND target_id = ?";
  const check: Omit<IdentityRoute, "method"> = {
    ...{ path: `${path}/:role_id`, rule: "check_grant", status: 204 },
    handle: (call) => {
      const { values, userId, targetId, roleId } = named(call);
      const row = database.prepare(`SELECT 1 FROM assignment WHERE ${where} AND role_id = ?`).get(...values);
      if (row === undefined) throw noGrant(roleId, userId, targetId);
      return undefined;
    },
  };
  return [
    {
      ...{ method: "GET", path, rule: "list_grants", status: 200 },
      handle: (call) => {
        const { values } = named(call);
        const held = database
          .prepare(
            `SELECT role.id, name, description FROM assignment JOIN role ON role.id = role_id
             WHERE ${where} ORDER BY role.rowid`,
          )
          .all(...values.slice(0, 3)) as unknown as Role[];
        return listOf(call, "roles", held.map(showRole));
      },
    },
    {
      ...{ method: "PUT", path: `${path}/:role_id`, rule: "create_grant", status: 204 },
      handle: (call) => {
        database
          .prepare("INSERT OR IGNORE INTO assignment (user_id, target_type, target_id, role_id) VALUES (?, ?, ?, ?)")
          .run(...named(call).values);
        return undefined;
      },
    },
    { ...check, method: "HEAD" },
    { ...check, method: "GET" },
    {
      ...{ method: "DELETE", path: `${path}/:role_id`, rule: "revoke_grant", status: 204 },
      handle: (call) => {
        const { values, userId, targetId, roleId } = named(call);
        inTransaction(database, () => {
          const { changes } = database.prepare(`DELETE FROM assignment WHERE ${where} AND role_id = ?`).run(...values);
          if (changes === 0) throw noGrant(roleId, userId, targetId);
          tokens.revokeOfUser(userId);
        });
        return undefined;
      },
    },
  ];
}

function noGrant(role: string | undefined, user: string, target: string): KeystoneFault {
  const what = `role: ${role ?? ""}, user or group: ${user}, project, domain, or system: ${target}`;
  return new KeystoneFault(404, `Could not find role assignment with ${what}.`);
}

const columns: Readonly<Record<string, string>> = {
  "user.id": "user_id = ?",
  "role.id": "role_id = ?",
  "scope.project.id": "target_type = 'project' AND target_id = ?",
  "scope.domain.id": "target_type = 'domain' AND target_id = ?",
};

function assignments(stores: IdentityStores, { base, query }: IdentityCall) {
  const given = Object.entries(columns).filter(([name]) => query.has(name));
  const where = ["1 = 1", ...given.map(([, sql]) => sql)].join(" AND ");
  const values: SQLInputValue[] = given.map(([name]) => query.get(name));
  const rows = stores.database
    .prepare(`SELECT * FROM assignment WHERE ${where}`)
    .all(...values) as unknown as Assignment[];
  const withNames = isSet(query, "include_names");
  const shown = rows.flatMap((row) => {
    const { user_id, role_id, target_type, target_id } = row;
    const link = `${base}/${target_type}s/${target_id}/users/${user_id}/roles/${role_id}`;
    const role = stores.identities.role({ id: role_id });
    const effective = role === undefined ? [] : stores.identities.withImplied([role]);
    const held = isSet(query, "effective") ? effective : effective.filter(({ id }) => id === role_id);
    return held.map(({ id, name }) => ({
      links: {
        assignment: link,
        ...(id !== role_id && { prior_role: `${base}/prior_role/${id}/implies/${role_id}` }),
      },
      scope: { [target_type]: describe(stores, target_type, target_id, withNames) },
      user: describe(stores, "user", user_id, withNames),
      role: { id, ...(withNames && { name }) },
    }));
  });
  // What was given comes before what follows from it.
  return shown.sort((one, other) => Number("prior_role" in one.links) - Number("prior_role" in other.links));
}

function isSet(query: URLSearchParams, name: string): boolean {
  return query.has(name) && !["0", "false"].includes((query.get(name) ?? "").toLowerCase());
}

function describe({ identities }: IdentityStores, what: "project" | "domain" | "user", id: string, named: boolean) {
  if (!named) return { id };
  if (what === "domain") return { id, name: identities.domain({ id })?.name ?? "" };
  const found = identities[what]({ id });
  return { id, name: found?.name ?? "", ...(found && { domain: { id: found.domain.id, name: found.domain.name } }) };
}
