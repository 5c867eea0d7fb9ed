import { keystonePlugin } from "./keystone.ts";
import { type AuthOptions, requireOption } from "./options.ts";
import type { AuthPlugin } from "./plugin.ts";
import { scopeOf } from "./scope.ts";

/**
 * auth_type `token` and `v3token`: trades a token for one of the configured scope. It cannot outlive the token it was made
 * from, so it is for people's commands more than for a monitor. @throws AuthOptionsError
 */
export function tokenPlugin(options: AuthOptions, discovers: boolean): AuthPlugin {
  const token = requireOption(options, "token");
  const scope = scopeOf(options);
  return keystonePlugin(options, {
    discovers,
    identity: { methods: ["token"], token: { id: token } },
    scope: scope.body,
    who: `the holder of the configured token, ${scope.described}`,
    secrets: [token],
    check: "token (it may have expired)",
  });
}
