import type { DatabaseSync } from "node:sqlite";

export interface TrustRow {
  readonly id: string;
  readonly trustor_user_id: string;
  readonly trustee_user_id: string;
  readonly project_id: string | null;
  readonly impersonation: number;
  /** ms since the Unix epoch. */
  readonly expires_at_ms: number | null;
  readonly remaining_uses: number | null;
  /** JSON: a list. */
  readonly role_ids: string;
}

/** Trusts that are still good. */
export class TrustStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  find(id: string): TrustRow | undefined {
    return this.#good("id = ?", id)[0];
  }

  list({ trustor, trustee }: { readonly trustor: string | null; readonly trustee: string | null }): TrustRow[] {
    if (trustor !== null) return this.#good("trustor_user_id = ?", trustor);
    return trustee === null ? this.#good("1 = 1") : this.#good("trustee_user_id = ?", trustee);
  }

  insert(row: TrustRow): void {
    const { id, trustor_user_id, trustee_user_id, project_id, impersonation } = row;
    this.#database
      .prepare(
        `INSERT INTO trust (id, trustor_user_id, trustee_user_id, project_id, impersonation, expires_at_ms,
                            remaining_uses, role_ids)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[id, trustor_user_id, trustee_user_id, project_id, impersonation],
        ...[row.expires_at_ms, row.remaining_uses, row.role_ids],
      );
  }

  /** Counts a login down. @returns whether there was one left */
  use(id: string): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE trust SET remaining_uses = remaining_uses - 1
         WHERE id = ? AND (remaining_uses IS NULL OR remaining_uses > 0)`,
      )
      .run(id);
    return changes > 0;
  }

  delete(id: string): void {
    this.#database.prepare("DELETE FROM trust WHERE id = ?").run(id);
  }

  #good(condition: string, ...values: string[]): TrustRow[] {
    return this.#database
      .prepare(
        `SELECT * FROM trust WHERE ${condition} AND (expires_at_ms IS NULL OR expires_at_ms > ?)
         AND (remaining_uses IS NULL OR remaining_uses > 0) ORDER BY rowid`,
      )
      .all(...values, this.#now()) as unknown as TrustRow[];
  }
}
