import type { Transport } from "../../http/transport.ts";
import type { CatalogService } from "../catalog.ts";

export type Services =
  | {
      readonly catalog: readonly CatalogService[];
      /** Of the token; undefined if it has none. Some catalogs end an endpoint's URL with it. */
      readonly projectId: string | undefined;
    }
  | { readonly endpoint: string };

/** The right to ask: what a login came to. */
export interface Authorization {
  /** To send with each request: `X-Auth-Token`, or `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** ms of validity from now, by Keystone's own clock; undefined: for ever. */
  readonly lifetimeMs: number | undefined;
  /** Where the service is: found in Keystone's catalog, or fixed by the configuration. */
  readonly services: Services;
  /** What must never be shown, beside the plugin's own secrets. */
  readonly secrets: readonly string[];
}

/** One way of logging in. */
export interface AuthPlugin {
  /** Who logs in, for what: `user "masakari" (domain "Default"), project "service" (domain "Default")`. No secret. */
  readonly who: string;
  /** False: another login would come to the same, so a 401 is final. */
  readonly renewable: boolean;
  /** What a response might echo and no message may hold. */
  readonly secrets: readonly string[];
  /** @throws AuthenticationError, HttpStatusError, ResponseError or what the transport throws */
  authorize(transport: Transport, signal: AbortSignal): Promise<Authorization>;
}
