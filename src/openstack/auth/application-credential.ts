import { AuthOptionsError } from "../errors.ts";
import { keystonePlugin } from "./keystone.ts";
import { type AuthOptions, describeReference, requireOption } from "./options.ts";
import type { AuthPlugin } from "./plugin.ts";
import { userDomain } from "./scope.ts";

/** auth_type `v3applicationcredential`: by id, or by name and user. The scope is the credential's own. @throws AuthOptionsError */
export function applicationCredentialPlugin(options: AuthOptions): AuthPlugin {
  const secret = requireOption(options, "application_credential_secret");
  const credential = credentialRef(options);
  return keystonePlugin(options, {
    discovers: false,
    identity: {
      methods: ["application_credential"],
      application_credential: { ...credential.body, secret },
    },
    scope: undefined,
    who: credential.described,
    secrets: [secret],
    check: "the application credential (it may have been deleted or have expired)",
  });
}

function credentialRef(options: AuthOptions): { body: Record<string, unknown>; described: string } {
  const id = options.application_credential_id;
  if (id) return { body: { id }, described: `application credential ${id}` };
  const name = options.application_credential_name;
  if (!name || !(options.user_id || options.username)) {
    throw new AuthOptionsError(
      "auth_type v3applicationcredential needs application_credential_id, or application_credential_name and the user: set them in [api]",
    );
  }
  const user = options.user_id
    ? { id: options.user_id }
    : { name: requireOption(options, "username"), domain: userDomain(options) };
  return { body: { name, user }, described: `application credential "${name}" of ${describeReference("user", user)}` };
}
