import type { DatabaseSync } from "node:sqlite";

export interface Domain {
  readonly id: string;
  readonly name: string;
}

export interface Project extends Domain {
  readonly domain: Domain;
}

export interface User extends Domain {
  readonly domain: Domain;
  readonly passwordHash: string;
  readonly defaultProjectId: string | null;
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
}

/** How a request names a user, project or domain. */
export type Named = { readonly id: string } | { readonly name: string; readonly domainId: string };

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
    return this.#withDomain<DomainRow>("project", "", by);
  }

  user(by: Named): User | undefined {
    const columns = ", password_hash AS passwordHash, default_project_id AS defaultProjectId";
    return this.#withDomain<DomainRow & Pick<User, "passwordHash" | "defaultProjectId">>("user", columns, by);
  }

  /** What `userId` may do in a project or domain, in the order the roles were made. */
  roles(userId: string, targetType: "project" | "domain", targetId: string): Role[] {
    return this.#database
      .prepare(
        `SELECT role.id, role.name FROM assignment JOIN role ON role.id = role_id
         WHERE user_id = ? AND target_type = ? AND target_id = ? ORDER BY role.rowid`,
      )
      .all(userId, targetType, targetId) as unknown as Role[];
  }

  applicationCredential(by: { readonly id: string } | { readonly name: string; readonly userId: string }) {
    const columns = `SELECT id, name, user_id AS userId, project_id AS projectId, secret_hash AS secretHash
                     FROM application_credential WHERE`;
    return "id" in by
      ? this.#one<ApplicationCredential>(`${columns} id = ?`, by.id)
      : this.#one<ApplicationCredential>(`${columns} name = ? AND user_id = ?`, by.name, by.userId);
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
