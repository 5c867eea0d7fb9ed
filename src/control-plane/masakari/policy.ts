import type { Grant } from "../keystone/token-store.ts";
import { ApiFault } from "./fault.ts";

/**
 * Upstream's default policy: every rule is "role admin in the token's project".
 * @throws ApiFault 403
 */
export function requireAllowed(caller: Grant, rule: string): void {
  if (caller.roles.some(({ name }) => name.toLowerCase() === "admin")) return;
  throw new ApiFault(403, `Policy doesn't allow ${rule} to be performed.`);
}
