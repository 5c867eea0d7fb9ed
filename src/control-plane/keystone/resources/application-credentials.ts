import { randomBytes } from "node:crypto";
import { inTransaction } from "../../store/database.ts";
import { expecting, KeystoneFault } from "../fault.ts";
import type { ApplicationCredential } from "../identity-store.ts";
import { newId } from "../new-id.ts";
import {
  conflict,
  filtered,
  forbidden,
  type IdentityCall,
  type IdentityRoute,
  type JsonObject,
  listOf,
  notFound,
  oneOf,
} from "../routes.ts";
import { flagOrNull, nameSchema, requireShape, roleReferences, textOrNull } from "../schema.ts";
import { hashSecret } from "../secret-hash.ts";
import { readExpiry, showExpiry } from "./expiry.ts";
import { requireRole, showRole } from "./roles.ts";
import type { IdentityStores } from "./stores.ts";
import { isOwn } from "./users.ts";

const collection = "application_credentials";
const member = "application_credential";

const schema = {
  type: "object",
  properties: {
    name: nameSchema,
    description: textOrNull,
    secret: textOrNull,
    expires_at: textOrNull,
    roles: roleReferences,
    unrestricted: flagOrNull,
  },
  required: ["name"],
} as const;

interface CredentialFields {
  readonly name: string;
  readonly description?: string | null;
  readonly secret?: string | null;
  readonly expires_at?: string | null;
  readonly roles?: readonly JsonObject[];
  readonly unrestricted?: boolean | null;
}

/** `/v3/users/{user_id}/application_credentials`: a user's own; an admin sees and deletes those of others. */
export function applicationCredentialRoutes(stores: IdentityStores): IdentityRoute[] {
  const { database, identities, tokens, now } = stores;
  const path = `/users/:user_id/${collection}`;
  const show = ({
    id,
    name,
    description,
    userId,
    projectId,
    expiresAt,
    unrestricted,
    roleIds,
  }: ApplicationCredential) => ({
    ...{ id, name, description, user_id: userId, project_id: projectId, system: null },
    ...{ expires_at: showExpiry(expiresAt), unrestricted },
    roles: identities
      .roles(userId, "project", projectId)
      .filter((role) => roleIds?.includes(role.id) ?? true)
      .map(showRole),
  });
  const one = ({ params }: IdentityCall) => {
    const credential = identities.applicationCredential({ id: params.id ?? "" });
    if (credential?.userId === params.user_id && credential) return credential;
    throw notFound("Application Credential", params.id ?? "");
  };
  return [
    {
      ...{ method: "GET", path, rule: "list_application_credentials", status: 200, allows: isOwn },
      handle: (call) => {
        const all = identities.applicationCredentialsOf(call.params.user_id ?? "").map(show);
        return listOf(call, collection, filtered(all, call.query, ["name"]));
      },
    },
    {
      ...{ method: "POST", path, rule: "create_application_credential", status: 201, member, allows: isOwn },
      handle: async (call) => {
        if (!isOwn(call)) throw forbidden("identity:create_application_credential");
        requireUndelegated(call);
        requireShape(schema, call.body);
        const fields = call.body as unknown as CredentialFields;
        const { name, description = null, unrestricted = null } = fields;
        const { user, project } = call.caller;
        if (!project) throw expecting("a project scope", "token");
        const roles = (fields.roles ?? call.caller.roles).map((role) => requireRole(identities, role as JsonObject));
        if (!roles.every(({ id }) => call.caller.roles.some((held) => held.id === id))) {
          const why = "Cannot create an application credential with unassigned role";
          throw new KeystoneFault(400, `Invalid application credential: ${why}`);
        }
        const expiresAt = readExpiry(fields.expires_at, now());
        const secret = fields.secret ?? randomBytes(64).toString("base64url");
        const secretHash = await hashSecret(secret);
        if (identities.applicationCredential({ name, userId: user.id })) {
          throw conflict(member, `Duplicate entry found with name ${name}`);
        }
        const id = newId();
        database
          .prepare(
            `INSERT INTO application_credential
               (id, name, user_id, project_id, secret_hash, description, expires_at_ms, unrestricted, role_ids)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            ...[id, name, user.id, project.id, secretHash, description, expiresAt],
            ...[unrestricted === null ? null : Number(unrestricted), JSON.stringify(roles.map((role) => role.id))],
          );
        const made = identities.applicationCredential({ id });
        // The only time that the secret is shown.
        return oneOf(call, collection, member, { ...(made && show(made)), id, secret });
      },
    },
    {
      ...{ method: "GET", path: `${path}/:id`, rule: "get_application_credential", status: 200, allows: isOwn },
      handle: (call) => oneOf(call, collection, member, show(one(call))),
    },
    {
      ...{ method: "DELETE", path: `${path}/:id`, rule: "delete_application_credential", status: 204, allows: isOwn },
      handle: (call) => {
        requireUndelegated(call);
        const { id } = one(call);
        inTransaction(database, () => {
          database.prepare("DELETE FROM application_credential WHERE id = ?").run(id);
          tokens.revokeOfDelegation(id);
        });
        return undefined;
      },
    },
  ];
}

/** Who was lent rights must not make them last. */
function requireUndelegated({ caller: { applicationCredential, trust } }: IdentityCall): void {
  if (applicationCredential?.unrestricted === true || !(applicationCredential || trust)) return;
  const method = applicationCredential ? "application_credential" : "trust";
  throw forbidden(`Using method '${method}' is not allowed for managing additional application credentials.`);
}
