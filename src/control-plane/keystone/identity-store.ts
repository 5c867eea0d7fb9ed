import type { DatabaseSync } from "node:sqlite";

export interface Domain {
  readonly id: string;
  readonly name: string;
}

export interface Project extends Domain {
  readonly domain: Domain;
  readonly description: string;
  readonly enabled: boolean;
}

export interface User extends Domain {
  readonly domain: Domain;
  readonly passwordHash: string;
  readonly defaultProjectId: string | null;
  readonly enabled: boolean;
  /** Members that Keystone stores without knowing them, as `email`. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface Role {
  readonly id: string;
  readonly name: string;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly projectId: string;
  readonly secretHash: string;
  readonly description: string | null;
  /** ms since the Unix epoch. */
  readonly expiresAt: number | null;
  readonly unrestricted: boolean | null;
  /** Undefined: all that the user has in the project. */
  readonly roleIds: readonly string[] | undefined;
}

/** How a request names a user, project or domain. */
export type Named = { readonly id: string } | { readonly name: string; readonly domainId: string };

/** What each role brings with it, as a Keystone is bootstrapped. */
const implied: Readonly<Record<string, string>> = { admin: "member", member: "reader" };

/** Reads users, projects, domains, roles and application credentials. */
export class IdentityStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  domain(by: { readonly id: string } | { readonly name: string }): Domain | undefined {
    return this.#one<Domain>(
      `SELECT id, name FROM domain WHERE ${"id" in by ? "id" : "name"} = ?`,
      "id" in by ? by.id : by.name,
    );
  }

  project(by: Named): Project | undefined {
    const row = this.#withDomain<DomainRow & { description: string; enabled: number }>(
      "project",
      ", project.description, project.enabled",
      by,
    );
    return row && { ...row, enabled: row.enabled !== 0 };
  }

  user(by: Named): User | undefined {
    const columns = ", password_hash AS passwordHash, default_project_id AS defaultProjectId, enabled, extra";
    const row = this.#withDomain<UserRow>("user", columns, by);
    return row && { ...row, enabled: row.enabled !== 0, extra: JSON.parse(row.extra) as Record<string, unknown> };
  }

  role(by: { readonly id: string } | { readonly name: string }): Role | undefined {
    return this.#one<Role>(
      `SELECT id, name FROM role WHERE ${"id" in by ? "id" : "name"} = ?`,
      "id" in by ? by.id : by.name,
    );
  }

  /** What `userId` may do in a project or domain, with what the roles imply, in the order the roles were made. */
  roles(userId: string, targetType: "project" | "domain", targetId: string): Role[] {
    const held = this.#database
      .prepare(
        `SELECT role.id, role.name FROM assignment JOIN role ON role.id = role_id
         WHERE user_id = ? AND target_type = ? AND target_id = ?`,
      )
      .all(userId, targetType, targetId) as unknown as Role[];
    return this.withImplied(held);
  }

  /** These roles and those that they imply, in the order they were made. */
  withImplied(roles: readonly Role[]): Role[] {
    const names = new Set<string>();
    for (const { name } of roles) {
      for (let next: string | undefined = name; next !== undefined && !names.has(next); next = implied[next]) {
        names.add(next);
      }
    }
    if (names.size === 0) return [];
    const places = [...names].map(() => "?").join(", ");
    return this.#database
      .prepare(`SELECT id, name FROM role WHERE name IN (${places}) ORDER BY rowid`)
      .all(...names) as unknown as Role[];
  }

  applicationCredential(by: { readonly id: string } | { readonly name: string; readonly userId: string }) {
    return "id" in by
      ? this.#credentials("id = ?", by.id)[0]
      : this.#credentials("name = ? AND user_id = ?", by.name, by.userId)[0];
  }

  applicationCredentialsOf(userId: string): ApplicationCredential[] {
    return this.#credentials("user_id = ?", userId);
  }

  #credentials(condition: string, ...values: string[]): ApplicationCredential[] {
    const rows = this.#database
      .prepare(
        `SELECT id, name, user_id AS userId, project_id AS projectId, secret_hash AS secretHash, description,
                expires_at_ms AS expiresAt, unrestricted, role_ids AS roleIds
         FROM application_credential WHERE ${condition} ORDER BY rowid`,
      )
      .all(...values) as unknown as CredentialRow[];
    return rows.map((row) => ({
      ...row,
      unrestricted: row.unrestricted === null ? null : row.unrestricted !== 0,
      roleIds: row.roleIds === null ? undefined : (JSON.parse(row.roleIds) as string[]),
    }));
  }

  #withDomain<Row extends DomainRow>(table: string, columns: string, by: Named) {
    const select = `SELECT ${table}.id, ${table}.name, domain_id AS domainId, domain.name AS domainName${columns}
                    FROM ${table} JOIN domain ON domain.id = domain_id WHERE`;
    const row =
      "id" in by
        ? this.#one<Row>(`${select} ${table}.id = ?`, by.id)
        : this.#one<Row>(`${select} ${table}.name = ? AND domain_id = ?`, by.name, by.domainId);
    return row && { ...row, domain: { id: row.domainId, name: row.domainName } };
  }

  #one<Row>(sql: string, ...values: string[]): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined;
  }
}

interface DomainRow extends Domain {
  readonly domainId: string;
  readonly domainName: string;
}

interface UserRow extends DomainRow, Pick<User, "passwordHash" | "defaultProjectId"> {
  readonly enabled: number;
  readonly extra: string;
}

interface CredentialRow extends Omit<ApplicationCredential, "unrestricted" | "roleIds"> {
  readonly unrestricted: number | null;
  readonly roleIds: string | null;
}
