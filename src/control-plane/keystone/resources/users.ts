import type { Json } from "../../formats/python-json.ts";
import { inTransaction } from "../../store/database.ts";
import { unauthorized } from "../fault.ts";
import type { User } from "../identity-store.ts";
import { newId } from "../new-id.ts";
import {
  conflict,
  filtered,
  found,
  type IdentityCall,
  type IdentityRoute,
  type JsonObject,
  listOf,
  oneOf,
} from "../routes.ts";
import { flag, forUpdate, idOrNull, idSchema, nameSchema, requireShape, text, textOrNull } from "../schema.ts";
import { hashSecret, verifySecret } from "../secret-hash.ts";
import { requireDomain } from "./domains.ts";
import { projectsOf, showProject } from "./projects.ts";
import type { IdentityStores } from "./stores.ts";

const schema = {
  type: "object",
  properties: {
    name: nameSchema,
    domain_id: idSchema,
    default_project_id: idOrNull,
    enabled: flag,
    password: textOrNull,
    description: textOrNull,
    email: textOrNull,
  },
  required: ["name"],
} as const;

const passwordSchema = {
  type: "object",
  properties: { original_password: text, password: text },
  required: ["original_password", "password"],
} as const;

interface UserFields {
  readonly name: string;
  readonly password?: string | null;
  readonly domain_id?: string;
  readonly default_project_id?: string | null;
  readonly enabled?: boolean;
}

/** What a request brings that Keystone only stores. */
function extraOf({ name, password, domain_id, default_project_id, enabled, id, links, ...extra }: JsonObject) {
  return extra;
}

/** @param changed as in the response to a change, which shows some members twice */
function showUser({ id, name, domain, enabled, defaultProjectId, extra }: User, { changed = false } = {}) {
  return {
    ...(extra as Record<string, Json>),
    ...{ id, name, domain_id: domain.id, enabled },
    ...(defaultProjectId !== null && { default_project_id: defaultProjectId }),
    password_expires_at: null,
    ...(changed && { extra: extra as Record<string, Json> }),
    options: {},
  };
}

export function isOwn({ caller, params }: IdentityCall): boolean {
  return caller.user.id === params.user_id;
}

/** `/v3/users` */
export function userRoutes(stores: IdentityStores): IdentityRoute[] {
  const { database, identities, tokens } = stores;
  const one = (id = "") => found(identities.user({ id }), "user", id);
  const all = () =>
    (database.prepare("SELECT id FROM user ORDER BY rowid").all() as { id: string }[]).map(({ id }) =>
      showUser(one(id)),
    );
  const requireFree = (name: string, domainId: string) => {
    if (!identities.user({ name, domainId })) return;
    throw conflict("user", `Duplicate entry found with name ${name} at domain ID ${domainId}`);
  };
  const requireProject = (id: string | null) => {
    if (id !== null) found(identities.project({ id }), "project", id);
  };
  return [
    {
      ...{ method: "GET", path: "/users", rule: "list_users", status: 200 },
      handle: (call) => listOf(call, "users", filtered(all(), call.query, ["name", "domain_id", "enabled"])),
    },
    {
      ...{ method: "POST", path: "/users", rule: "create_user", status: 201, member: "user" },
      handle: async (call) => {
        requireShape(schema, call.body);
        const fields = call.body as unknown as UserFields;
        const { name, password, domain_id = "default", default_project_id = null, enabled = true } = fields;
        // Without a password nobody can log in.
        const hash = typeof password === "string" ? await hashSecret(password) : "";
        const domain = requireDomain(stores, domain_id);
        requireProject(default_project_id);
        requireFree(name, domain.id);
        const id = newId();
        database
          .prepare(
            `INSERT INTO user (id, name, domain_id, password_hash, default_project_id, enabled, extra)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(id, name, domain.id, hash, default_project_id, Number(enabled), JSON.stringify(extraOf(call.body)));
        return oneOf(call, "users", "user", showUser(one(id)));
      },
    },
    {
      ...{ method: "GET", path: "/users/:user_id", rule: "get_user", status: 200, allows: isOwn },
      handle: (call) => oneOf(call, "users", "user", showUser(one(call.params.user_id))),
    },
    {
      ...{ method: "PATCH", path: "/users/:user_id", rule: "update_user", status: 200, member: "user" },
      handle: async (call) => {
        requireShape(forUpdate(schema), call.body);
        const fields = call.body as unknown as Partial<UserFields>;
        const hash = typeof fields.password === "string" ? await hashSecret(fields.password) : undefined;
        const user = one(call.params.user_id);
        const { name = user.name, enabled = user.enabled, default_project_id = user.defaultProjectId } = fields;
        if (name !== user.name) requireFree(name, user.domain.id);
        requireProject(default_project_id);
        inTransaction(database, () => {
          database
            .prepare(
              `UPDATE user SET name = ?, password_hash = ?, default_project_id = ?, enabled = ?, extra = ?
               WHERE id = ?`,
            )
            .run(
              ...[name, hash ?? user.passwordHash, default_project_id, Number(enabled)],
              ...[JSON.stringify({ ...user.extra, ...extraOf(call.body) }), user.id],
            );
          if (hash !== undefined || !enabled) tokens.revokeOfUser(user.id);
        });
        return oneOf(call, "users", "user", showUser(one(user.id), { changed: true }));
      },
    },
    {
      ...{ method: "DELETE", path: "/users/:user_id", rule: "delete_user", status: 204 },
      handle: ({ params }) => {
        const { id } = one(params.user_id);
        inTransaction(database, () => {
          tokens.revokeOfUser(id);
          database.prepare("DELETE FROM assignment WHERE user_id = ?").run(id);
          database.prepare("DELETE FROM application_credential WHERE user_id = ?").run(id);
          database.prepare("DELETE FROM trust WHERE trustor_user_id = ? OR trustee_user_id = ?").run(id, id);
          database.prepare("DELETE FROM user WHERE id = ?").run(id);
        });
        return undefined;
      },
    },
    {
      ...{ method: "POST", path: "/users/:user_id/password", rule: "change_password", status: 204, member: "user" },
      allows: isOwn,
      handle: async (call) => {
        requireShape(passwordSchema, call.body);
        const { original_password, password } = call.body as { original_password: string; password: string };
        const user = one(call.params.user_id);
        if (!(await verifySecret(original_password, user.passwordHash))) throw unauthorized();
        const hash = await hashSecret(password);
        inTransaction(database, () => {
          database.prepare("UPDATE user SET password_hash = ? WHERE id = ?").run(hash, user.id);
          tokens.revokeOfUser(user.id);
        });
        return undefined;
      },
    },
    {
      ...{ method: "GET", path: "/users/:user_id/projects", rule: "list_user_projects", status: 200, allows: isOwn },
      handle: (call) =>
        listOf(
          call,
          "projects",
          projectsOf(stores, one(call.params.user_id).id).map((project) => showProject(project)),
        ),
    },
    {
      ...{ method: "GET", path: "/auth/projects", rule: "get_auth_projects", status: 200, allows: () => true },
      handle: (call) =>
        listOf(
          call,
          "projects",
          projectsOf(stores, call.caller.user.id).map((project) => showProject(project)),
        ),
    },
    {
      ...{ method: "GET", path: "/auth/domains", rule: "get_auth_domains", status: 200, allows: () => true },
      handle: (call) => listOf(call, "domains", []),
    },
    {
      ...{ method: "GET", path: "/auth/system", rule: "get_auth_system", status: 200, allows: () => true },
      handle: ({ base }) => ({ system: [], links: { self: `${base}/auth/system` } }),
    },
  ];
}
