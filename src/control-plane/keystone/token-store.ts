import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Domain, Role } from "./identity-store.ts";
import { hashToken } from "./secret-hash.ts";

/** What a token stands for. Times are ms since the Unix epoch, whole seconds. */
export interface Grant {
  readonly methods: readonly string[];
  readonly user: { readonly id: string; readonly name: string; readonly domain: Domain };
  readonly auditIds: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly project?: Pick<Domain, "id" | "name"> & { readonly domain: Domain };
  readonly domain?: Domain;
  readonly roles: readonly Role[];
  readonly applicationCredential?: {
    readonly id: string;
    readonly name: string;
    /** Whether it may make further application credentials. Of tokens of earlier control planes: unknown, no. */
    readonly unrestricted?: boolean;
  };
  readonly trust?: {
    readonly id: string;
    readonly trustor: string;
    readonly trustee: string;
    readonly impersonation: boolean;
  };
}

/** Why a token is not good: never heard of it, or it was good once. */
export type TokenState =
  | { readonly kind: "valid"; readonly grant: Grant }
  | { readonly kind: "unknown" }
  | { readonly kind: "ended"; readonly grant: Grant };

/** How long an expired token is remembered, so that its user gets the reason that it ended, ms. */
const keepExpired = 24 * 3600 * 1000;

/** So many are not read from the database at each request: of some hundred hosts. */
const grantsKept = 500;

/** Tokens, kept by their digest only. */
export class TokenStore {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  /** By the token's digest: what a token stands for does not change. */
  readonly #grants = new Map<string, Grant>();

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Makes a token for `grant` and forgets those that expired long ago. */
  issue(grant: Grant): string {
    const token = `gAAAAA${randomBytes(90).toString("base64url")}`;
    this.#database.prepare("DELETE FROM token WHERE expires_at_ms < ?").run(this.#now() - keepExpired);
    this.#database
      .prepare("INSERT INTO token (hash, grant_json, expires_at_ms, user_id, delegation_id) VALUES (?, ?, ?, ?, ?)")
      .run(
        ...[hashToken(token), JSON.stringify(grant), grant.expiresAt, grant.user.id],
        grant.applicationCredential?.id ?? grant.trust?.id ?? null,
      );
    return token;
  }

  find(token: string): TokenState {
    const hash = hashToken(token);
    const row = this.#database.prepare("SELECT expires_at_ms, revoked FROM token WHERE hash = ?").get(hash) as
      | { expires_at_ms: number; revoked: number }
      | undefined;
    if (!row) return { kind: "unknown" };
    const isOver = row.revoked !== 0 || row.expires_at_ms <= this.#now();
    return { kind: isOver ? "ended" : "valid", grant: this.#grantOf(hash) };
  }

  #grantOf(hash: string): Grant {
    const known = this.#grants.get(hash);
    if (known !== undefined) return known;
    const row = this.#database.prepare("SELECT grant_json FROM token WHERE hash = ?").get(hash);
    const grant = JSON.parse(String(row?.grant_json)) as Grant;
    const [oldest] = this.#grants.keys();
    if (this.#grants.size >= grantsKept && oldest !== undefined) this.#grants.delete(oldest);
    this.#grants.set(hash, grant);
    return grant;
  }

  /** Ends all tokens of a user, and of trusts from or to it: its password, its roles or the user itself has changed. */
  revokeOfUser(userId: string): void {
    this.#database
      .prepare(
        `UPDATE token SET revoked = 1 WHERE user_id = ?
         OR delegation_id IN (SELECT id FROM trust WHERE trustor_user_id = ? OR trustee_user_id = ?)`,
      )
      .run(userId, userId, userId);
  }

  /** Ends all tokens that an application credential or a trust has led to. */
  revokeOfDelegation(id: string): void {
    this.#database.prepare("UPDATE token SET revoked = 1 WHERE delegation_id = ?").run(id);
  }

  revoke(token: string): void {
    this.#database.prepare("UPDATE token SET revoked = 1 WHERE hash = ?").run(hashToken(token));
  }
}
