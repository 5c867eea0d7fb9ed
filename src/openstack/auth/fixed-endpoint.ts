import { type AuthOptions, requireOption } from "./options.ts";
import type { Authorization, AuthPlugin } from "./plugin.ts";

/** auth_type `none` and `noauth`: no Keystone; the API trusts whoever reaches it. @throws AuthOptionsError */
export function nonePlugin(options: AuthOptions): AuthPlugin {
  // keystoneauth sends this word, which an API in noauth mode may require to be there.
  return fixedEndpointPlugin(options, "nobody (auth_type none)", { "X-Auth-Token": "notused" }, []);
}

/** auth_type `admin_token`: a token that somebody else has made, with each request, and no Keystone. @throws AuthOptionsError */
export function adminTokenPlugin(options: AuthOptions): AuthPlugin {
  const token = requireOption(options, "token");
  return fixedEndpointPlugin(options, "the user of the token", { "X-Auth-Token": token }, [token]);
}

/** auth_type `http_basic`: user and password with each request, no Keystone. @throws AuthOptionsError */
export function httpBasicPlugin(options: AuthOptions): AuthPlugin {
  const username = requireOption(options, "username");
  const password = requireOption(options, "password");
  const credentials = Buffer.from(`${username}:${password}`, "utf8").toString("base64");
  return fixedEndpointPlugin(options, `user "${username}"`, { Authorization: `Basic ${credentials}` }, [
    password,
    credentials,
  ]);
}

function fixedEndpointPlugin(
  options: AuthOptions,
  who: string,
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): AuthPlugin {
  const authorization: Authorization = {
    headers,
    lifetimeMs: undefined,
    services: { endpoint: requireOption(options, "endpoint").replace(/\/+$/, "") },
    secrets,
  };
  return { who, renewable: false, secrets, authorize: () => Promise.resolve(authorization) };
}
