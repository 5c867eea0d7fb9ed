import type { Json } from "../../formats/python-json.ts";
import { inTransaction } from "../../store/database.ts";
import type { Role } from "../identity-store.ts";
import { newId } from "../new-id.ts";
import {
  forbidden,
  found,
  type IdentityCall,
  type IdentityRoute,
  isAdmin,
  type JsonObject,
  listOf,
  notFound,
  withLink,
} from "../routes.ts";
import { flag, idOrNull, requireShape, roleReferences, text, textOrNull } from "../schema.ts";
import type { TrustRow, TrustStore } from "../trust-store.ts";
import { readExpiry, showExpiry } from "./expiry.ts";
import { requireRole, showRole } from "./roles.ts";
import type { IdentityStores } from "./stores.ts";

const schema = {
  type: "object",
  properties: {
    trustor_user_id: text,
    trustee_user_id: text,
    impersonation: flag,
    project_id: idOrNull,
    expires_at: textOrNull,
    // Keystone's column has 32 bits.
    remaining_uses: { type: ["integer", "null"], minimum: 1, maximum: 2 ** 31 - 1 },
    roles: roleReferences,
  },
  required: ["trustor_user_id", "trustee_user_id", "impersonation"],
} as const;

interface TrustFields {
  readonly trustor_user_id: string;
  readonly trustee_user_id: string;
  readonly impersonation: boolean;
  readonly project_id?: string | null;
  readonly expires_at?: string | null;
  readonly remaining_uses?: number | null;
  readonly roles?: readonly JsonObject[];
}

const path = "/OS-TRUST/trusts";
const collection = "OS-TRUST/trusts";

/** `/v3/OS-TRUST/trusts`: one user lends another its roles in a project. There is no redelegation. */
export function trustRoutes(stores: IdentityStores, trusts: TrustStore): IdentityRoute[] {
  const { identities, tokens, database, now } = stores;
  const rolesOf = ({ role_ids }: TrustRow): Role[] =>
    (JSON.parse(role_ids) as string[]).flatMap((id) => identities.role({ id }) ?? []);
  const fieldsOf = (row: TrustRow) => ({
    id: row.id,
    trustor_user_id: row.trustor_user_id,
    trustee_user_id: row.trustee_user_id,
    project_id: row.project_id,
    impersonation: row.impersonation !== 0,
    expires_at: row.expires_at_ms === null ? null : `${showExpiry(row.expires_at_ms)}Z`,
    ...{ remaining_uses: row.remaining_uses, deleted_at: null, redelegated_trust_id: null, redelegation_count: 0 },
  });
  const roleList = (call: IdentityCall, row: TrustRow) =>
    rolesOf(row).map((role) => withLink(call, "roles", showRole(role)));
  const roleLinks = ({ base }: IdentityCall, { id }: TrustRow) => ({
    ...{ self: `${base}/${id}/roles`, next: null, previous: null },
  });
  const show = (call: IdentityCall, row: TrustRow): Json => ({
    trust: withLink(call, collection, {
      ...{ roles: roleList(call, row), ...fieldsOf(row) },
      roles_links: roleLinks(call, row),
    }),
  });
  const one = ({ params }: IdentityCall): TrustRow => {
    const row = trusts.find(params.id ?? "");
    if (!row) throw notFound("trust", params.id ?? "");
    return row;
  };
  const isParty = (call: IdentityCall) => {
    const { trustor_user_id, trustee_user_id } = one(call);
    return [trustor_user_id, trustee_user_id].includes(call.caller.user.id);
  };
  return [
    {
      ...{ method: "POST", path, rule: "create_trust", status: 201, member: "trust" },
      allows: ({ caller, body }) => body.trustor_user_id === undefined || caller.user.id === body.trustor_user_id,
      handle: (call) => {
        requireShape(schema, call.body);
        const fields = call.body as unknown as TrustFields;
        const { project_id = null, roles = [], remaining_uses = null } = fields;
        const { caller } = call;
        if (caller.applicationCredential || caller.trust) throw forbidden("Delegated tokens cannot manage trusts.");
        if (project_id !== null && roles.length === 0) throw forbidden("At least one role should be specified");
        if (caller.user.id !== fields.trustor_user_id) {
          throw forbidden("The authenticated user should match the trustor");
        }
        found(identities.user({ id: fields.trustee_user_id }), "user", fields.trustee_user_id);
        const held = project_id === null ? [] : heldRoles(stores, caller.user.id, project_id);
        const lent = roles.map((role) => requireRole(identities, role));
        const foreign = lent.find(({ id }) => !held.some((role) => role.id === id));
        if (foreign) throw notFound("role", foreign.id);
        const row: TrustRow = {
          ...{ id: newId(), trustor_user_id: caller.user.id, trustee_user_id: fields.trustee_user_id, project_id },
          ...{ impersonation: Number(fields.impersonation), expires_at_ms: readExpiry(fields.expires_at, now()) },
          ...{ remaining_uses, role_ids: JSON.stringify(lent.map(({ id }) => id)) },
        };
        trusts.insert(row);
        return show(call, row);
      },
    },
    {
      ...{ method: "GET", path, rule: "list_trusts", status: 200 },
      allows: ({ caller, query }) =>
        [query.get("trustor_user_id") ?? query.get("trustee_user_id")].includes(caller.user.id),
      handle: (call) => {
        const by = { trustor: call.query.get("trustor_user_id"), trustee: call.query.get("trustee_user_id") };
        return listOf(call, "trusts", trusts.list(by).map(fieldsOf), collection);
      },
    },
    {
      ...{ method: "GET", path: `${path}/:id`, rule: "get_trust", status: 200, allows: isParty },
      handle: (call) => show(call, one(call)),
    },
    {
      ...{ method: "GET", path: `${path}/:id/roles`, rule: "list_roles_for_trust", status: 200, allows: isParty },
      handle: (call) => ({ roles: roleList(call, one(call)), links: roleLinks(call, one(call)) }),
    },
    {
      ...{ method: "DELETE", path: `${path}/:id`, rule: "delete_trust", status: 204, allows: isParty },
      handle: (call) => {
        const row = one(call);
        const { applicationCredential, trust, user } = call.caller;
        if (applicationCredential || trust) throw forbidden("Delegated tokens cannot manage trusts.");
        if (user.id !== row.trustor_user_id && !isAdmin(call.caller)) throw forbidden("identity:delete_trust");
        inTransaction(database, () => {
          trusts.delete(row.id);
          tokens.revokeOfDelegation(row.id);
        });
        return undefined;
      },
    },
  ];
}

function heldRoles({ identities }: IdentityStores, userId: string, projectId: string): Role[] {
  found(identities.project({ id: projectId }), "project", projectId);
  return identities.roles(userId, "project", projectId);
}
