import type { DatabaseSync } from "node:sqlite";
import type { ServiceUrls } from "../catalog.ts";
import type { IdentityStore } from "../identity-store.ts";
import type { TokenStore } from "../token-store.ts";

/** What the resources read and write. */
export interface IdentityStores {
  readonly database: DatabaseSync;
  readonly identities: IdentityStore;
  readonly tokens: TokenStore;
  readonly urls: () => ServiceUrls;
  readonly now: () => number;
}
