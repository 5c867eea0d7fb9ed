import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../store/database.ts";
import { region } from "./catalog.ts";
import { IdentityStore } from "./identity-store.ts";
import { newId } from "./new-id.ts";
import { hashSecret, isWeak, verifySecret } from "./secret-hash.ts";
import type { TokenStore } from "./token-store.ts";

/** Somebody who may log in. Everything is in Keystone's domain `Default` (id `default`). */
export interface SeedUser {
  readonly name: string;
  readonly password: string;
  /** The project the roles are held in, made if it is missing; also the user's default project. */
  readonly project: string;
  readonly roles: readonly ("admin" | "member" | "reader" | "service")[];
  readonly applicationCredentials?: readonly { readonly name: string; readonly secret: string }[];
}

/** In the order Keystone lists them; what they imply is `IdentityStore`'s. */
const roleNames = ["admin", "reader", "member", "service"] as const;

const services = [
  { type: "identity", name: "keystone" },
  { type: "instance-ha", name: "masakari" },
];

/**
 * Makes what is missing and changes what differs, so that these users can log in: one that was disabled is enabled again, and its project. What the database holds beyond the seed stays. Safe to repeat.
 */
export async function seedIdentity(
  database: DatabaseSync,
  tokens: TokenStore,
  users: readonly SeedUser[],
): Promise<void> {
  const identities = new IdentityStore(database);
  const prepared = await Promise.all(users.map((user) => prepare(identities, user)));
  inTransaction(database, () => {
    database.prepare("INSERT OR IGNORE INTO domain (id, name) VALUES ('default', 'Default')").run();
    for (const name of roleNames) {
      database.prepare("INSERT OR IGNORE INTO role (id, name) VALUES (?, ?)").run(newId(), name);
    }
    seedServices(database);
    for (const user of prepared) seedUser(database, identities, tokens, user);
  });
}

interface PreparedUser extends SeedUser {
  readonly passwordHash: string;
  /** Tokens that an earlier one led to are to end. */
  readonly hasNewPassword: boolean;
  readonly credentials: readonly { readonly name: string; readonly secretHash: string }[];
}

/** Hashing takes time, so it is done before the transaction; an unchanged secret keeps its hash. */
async function prepare(identities: IdentityStore, user: SeedUser): Promise<PreparedUser> {
  const known = identities.user({ name: user.name, domainId: "default" });
  const { isKnown, hash } = await hashUnlessKnown(user.password, known?.passwordHash);
  return {
    ...user,
    passwordHash: hash,
    hasNewPassword: !isKnown,
    credentials: await Promise.all(
      (user.applicationCredentials ?? []).map(async ({ name, secret }) => {
        const credential = known && identities.applicationCredential({ name, userId: known.id });
        return { name, secretHash: (await hashUnlessKnown(secret, credential?.secretHash)).hash };
      }),
    ),
  };
}

async function hashUnlessKnown(secret: string, known: string | undefined) {
  const isKnown = known !== undefined && (await verifySecret(secret, known, { always: true }));
  return { isKnown, hash: isKnown && !isWeak(known) ? known : await hashSecret(secret, { always: true }) };
}

function seedServices(database: DatabaseSync): void {
  for (const { type, name } of services) {
    if (database.prepare("SELECT 1 FROM service WHERE type = ? AND own = 1").get(type) !== undefined) continue;
    const id = newId();
    database.prepare("INSERT INTO service (id, type, name, own) VALUES (?, ?, ?, 1)").run(id, type, name);
    for (const [position, face] of ["public", "internal", "admin"].entries()) {
      database
        .prepare("INSERT INTO endpoint (id, service_id, interface, region_id, position) VALUES (?, ?, ?, ?, ?)")
        .run(newId(), id, face, region, position);
    }
  }
}

function seedUser(database: DatabaseSync, identities: IdentityStore, tokens: TokenStore, user: PreparedUser): void {
  database
    .prepare(
      `INSERT INTO project (id, name, domain_id) VALUES (?, ?, 'default')
       ON CONFLICT (domain_id, name) DO UPDATE SET enabled = 1`,
    )
    .run(newId(), user.project);
  const projectId = identities.project({ name: user.project, domainId: "default" })?.id ?? "";
  database
    .prepare(
      `INSERT INTO user (id, name, domain_id, password_hash, default_project_id) VALUES (?, ?, 'default', ?, ?)
       ON CONFLICT (domain_id, name) DO UPDATE
       SET password_hash = excluded.password_hash, default_project_id = excluded.default_project_id, enabled = 1`,
    )
    .run(newId(), user.name, user.passwordHash, projectId);
  const userId = identities.user({ name: user.name, domainId: "default" })?.id ?? "";
  if (user.hasNewPassword) tokens.revokeOfUser(userId);
  for (const role of user.roles) {
    database
      .prepare(
        `INSERT OR IGNORE INTO assignment (user_id, role_id, target_type, target_id)
         SELECT ?, id, 'project', ? FROM role WHERE name = ?`,
      )
      .run(userId, projectId, role);
  }
  for (const { name, secretHash } of user.credentials) {
    database
      .prepare(
        `INSERT INTO application_credential (id, name, user_id, project_id, secret_hash) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (user_id, name) DO UPDATE SET secret_hash = excluded.secret_hash`,
      )
      .run(newId(), name, userId, projectId, secretHash);
  }
}
