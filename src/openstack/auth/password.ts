import { AuthOptionsError } from "../errors.ts";
import { keystonePlugin } from "./keystone.ts";
import { type AuthOptions, describeReference, requireOption } from "./options.ts";
import type { AuthPlugin } from "./plugin.ts";
import { scopeOf, userDomain } from "./scope.ts";

/** auth_type `password` (finds Keystone's version by asking) and `v3password` (does not). @throws AuthOptionsError */
export function passwordPlugin(options: AuthOptions, discovers: boolean): AuthPlugin {
  const password = requireOption(options, "password");
  const user = userRef(options);
  const scope = scopeOf(options);
  return keystonePlugin(options, {
    discovers,
    identity: { methods: ["password"], password: { user: { password, ...user } } },
    scope: scope.body,
    who: `${describeReference("user", user)}, ${scope.described}`,
    secrets: [password],
    check: "username, password, project and their domains",
  });
}

function userRef(options: AuthOptions): { id: string } | { name: string; domain: ReturnType<typeof userDomain> } {
  if (options.user_id) return { id: options.user_id };
  if (!options.username) throw new AuthOptionsError("auth_type password needs username or user_id: set it in [api]");
  return { name: options.username, domain: userDomain(options) };
}
