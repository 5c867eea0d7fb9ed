// biome-ignore lint/suspicious/noExplicitAny: the story reads what it knows, and fails on what it does not
export type Body = any;

/** How the story asks. */
interface Calls {
  call(method: string, path: string, body?: unknown, token?: string, subject?: string): Promise<Body>;
  make(member: string, path: string, fields: object, token: string): Promise<Body>;
  logIn(user: object, secret: string, scope?: object): Promise<Body>;
}

/** Whom it is about: an administrator, and a user with the role member in a project. */
interface Persons {
  /** The administrator's id, password and token. */
  readonly me: string;
  readonly password: string;
  readonly admin: string;
  /** The user's token and id. */
  readonly user: string;
  readonly userId: string;
  readonly projectId: string;
  readonly memberId: string;
}

/** The part of the story in which rights are lent: application credentials and trusts. */
export async function playDelegations({ call, make, logIn }: Calls, persons: Persons): Promise<void> {
  const { me, password, admin, user, userId, projectId, memberId } = persons;
  const credentials = `/users/${userId}/application_credentials`;
  const credential = await make(
    "application_credential",
    credentials,
    {
      name: "ac1",
      roles: [{ name: "member" }],
      description: "d",
      expires_at: "2030-01-01T00:00:00Z",
    },
    user,
  );
  await call("POST", credentials, { application_credential: { name: "ac1" } }, user);
  const second = await make(
    "application_credential",
    credentials,
    { name: "ac2", secret: "s3", unrestricted: true },
    user,
  );
  await call("POST", credentials, { application_credential: { name: "ac3", roles: [{ name: "admin" }] } }, user);
  await call("POST", credentials, { application_credential: {} }, user);
  await call("GET", credentials, undefined, user);
  await call("GET", `${credentials}?name=ac1`, undefined, user);
  await call("GET", `${credentials}/${credential.id}`, undefined, user);
  await call("GET", `${credentials}/nothing`, undefined, user);
  await call("GET", `/users/${me}/application_credentials`, undefined, user);
  await call("GET", credentials, undefined, admin);
  const credentialLogin = await call("POST", "/auth/tokens", {
    auth: {
      identity: {
        methods: ["application_credential"],
        application_credential: { id: credential.id, secret: credential.secret },
      },
    },
  });
  await call("POST", credentials, { application_credential: { name: "ac4" } }, credentialLogin.issued);
  await call("GET", credentials, undefined, credentialLogin.issued);
  await call("DELETE", `${credentials}/${credential.id}`, undefined, credentialLogin.issued);
  await call("DELETE", `${credentials}/${credential.id}`, undefined, user);
  await call("DELETE", `${credentials}/${credential.id}`, undefined, user);
  await call("DELETE", `${credentials}/${second.id}`, undefined, user);
  await call("GET", "/auth/tokens", undefined, admin, credentialLogin.issued);
  const trust = await make(
    "trust",
    "/OS-TRUST/trusts",
    {
      trustor_user_id: userId,
      trustee_user_id: me,
      project_id: projectId,
      impersonation: true,
      roles: [{ name: "member" }],
      expires_at: "2030-01-01T00:00:00Z",
    },
    user,
  );
  await call(
    "POST",
    "/OS-TRUST/trusts",
    {
      trust: {
        trustor_user_id: me,
        trustee_user_id: userId,
        project_id: projectId,
        impersonation: true,
        roles: [{ name: "member" }],
      },
    },
    user,
  );
  await call(
    "POST",
    "/OS-TRUST/trusts",
    {
      trust: {
        trustor_user_id: userId,
        trustee_user_id: me,
        project_id: projectId,
        impersonation: true,
        roles: [{ name: "admin" }],
      },
    },
    user,
  );
  await call(
    "POST",
    "/OS-TRUST/trusts",
    { trust: { trustor_user_id: userId, trustee_user_id: me, project_id: projectId, impersonation: true, roles: [] } },
    user,
  );
  await call("POST", "/OS-TRUST/trusts", { trust: { trustor_user_id: userId } }, user);
  await call("GET", `/OS-TRUST/trusts/${trust.id}`, undefined, user);
  await call("GET", `/OS-TRUST/trusts?trustor_user_id=${userId}`, undefined, user);
  await call("GET", `/OS-TRUST/trusts?trustee_user_id=${me}`, undefined, admin);
  await call("GET", `/OS-TRUST/trusts`, undefined, admin);
  await call("GET", `/OS-TRUST/trusts`, undefined, user);
  await call("GET", `/OS-TRUST/trusts/${trust.id}/roles`, undefined, user);
  const trustLogin = await logIn({ id: me }, password, { "OS-TRUST:trust": { id: trust.id } });
  await call("GET", "/auth/tokens", undefined, admin, trustLogin.issued);
  await logIn({ id: me }, password, { "OS-TRUST:trust": { id: "nothing" } });
  await logIn({ id: userId }, "secret-1", { "OS-TRUST:trust": { id: trust.id } });
  const once = await make(
    "trust",
    "/OS-TRUST/trusts",
    {
      trustor_user_id: userId,
      trustee_user_id: me,
      project_id: projectId,
      impersonation: false,
      roles: [{ id: memberId }],
      remaining_uses: 1,
    },
    user,
  );
  await logIn({ id: me }, password, { "OS-TRUST:trust": { id: once.id } });
  await logIn({ id: me }, password, { "OS-TRUST:trust": { id: once.id } });
  await call("DELETE", `/OS-TRUST/trusts/${trust.id}`, undefined, user);
  await call("GET", `/OS-TRUST/trusts/${trust.id}`, undefined, user);
}
