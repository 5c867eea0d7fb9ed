import { AuthOptionsError } from "../errors.ts";
import type { AuthOptions } from "./options.ts";
import type { AuthPlugin } from "./plugin.ts";

/** Every auth_type. Loaded when chosen: a run has one. */
const builders: Readonly<Record<string, () => Promise<(options: AuthOptions) => AuthPlugin>>> = {
  password: async () => {
    const { passwordPlugin } = await import("./password.ts");
    return (options) => passwordPlugin(options, true);
  },
  v3password: async () => {
    const { passwordPlugin } = await import("./password.ts");
    return (options) => passwordPlugin(options, false);
  },
  token: async () => {
    const { tokenPlugin } = await import("./token.ts");
    return (options) => tokenPlugin(options, true);
  },
  v3token: async () => {
    const { tokenPlugin } = await import("./token.ts");
    return (options) => tokenPlugin(options, false);
  },
  v3applicationcredential: async () => (await import("./application-credential.ts")).applicationCredentialPlugin,
  admin_token: async () => (await import("./fixed-endpoint.ts")).adminTokenPlugin,
  http_basic: async () => (await import("./fixed-endpoint.ts")).httpBasicPlugin,
  none: async () => (await import("./fixed-endpoint.ts")).nonePlugin,
  noauth: async () => (await import("./fixed-endpoint.ts")).nonePlugin,
};

/** The plugin that `auth_type` (default: password) names. Sends nothing yet. @throws AuthOptionsError */
export async function createAuthPlugin(options: AuthOptions): Promise<AuthPlugin> {
  const type = options.auth_type || "password";
  const load = Object.hasOwn(builders, type) ? builders[type] : undefined;
  if (load === undefined) {
    throw new AuthOptionsError(`auth_type ${type} is not known: one of ${Object.keys(builders).join(", ")}`);
  }
  const build = await load();
  return build(options);
}
