import { randomUUID } from "node:crypto";
import { type Body, playDelegations } from "./delegation-story.ts";
import { normaliser } from "./normalise-identity.ts";

/** An administrator of a Keystone. */
export interface StoryTeller extends Readonly<Record<"name" | "password" | "project", string>> {
  /** With `/v3`. */
  readonly url: string;
}

/**
 * Plays every call of the identity API that the embedded control plane has, valid and refused, and returns each exchange as a text in
 * which ids, times, secrets and addresses are named: two Keystones that agree give the same texts.
 */
export async function playIdentityStory({ url, name, password, project }: StoryTeller): Promise<string[]> {
  const exchanges: string[] = [];
  const run = randomUUID().slice(0, 8);
  const normalise = normaliser(url, run);
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    token?: string,
    subject?: string,
  ): Promise<Body> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { "x-auth-token": token }),
        ...(subject !== undefined && { "x-subject-token": subject }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const sent = body === undefined ? "" : ` ${JSON.stringify(body)}`;
    exchanges.push(normalise(`${method} ${path}${sent}`, `${response.status} ${text.trim()}`));
    const issued = response.headers.get("x-subject-token") ?? "";
    return { issued, ...(text.startsWith("{") && (JSON.parse(text) as object)) };
  };
  /** Makes something and returns it. */
  const make = async (member: string, path: string, fields: object, token: string): Promise<Body> =>
    (await call("POST", path, { [member]: fields }, token))[member];
  const logIn = (user: object, secret: string, scope?: object): Promise<Body> =>
    call("POST", "/auth/tokens", {
      auth: {
        identity: { methods: ["password"], password: { user: { ...user, password: secret } } },
        ...(scope && { scope }),
      },
    });
  const domain = { id: "default" };
  const login = await logIn({ name, domain }, password, { project: { name: project, domain } });
  const admin: string = login.issued;
  const me: string = login.token.user.id;
  const mine: string = login.token.project.id;

  const { id: projectId } = await make(
    "project",
    "/projects",
    { name: `p-${run}`, domain_id: "default", description: "x", enabled: true },
    admin,
  );
  await call("POST", "/projects", { project: { name: `p-${run}`, domain_id: "default" } }, admin);
  await call("POST", "/projects", { project: {} }, admin);
  await call("POST", "/projects", { project: { name: 5 } }, admin);
  await call("POST", "/projects", {}, admin);
  await call("GET", `/projects/${projectId}`, undefined, admin);
  await call("GET", `/projects?name=p-${run}`, undefined, admin);
  await call("GET", `/projects/nothing`, undefined, admin);
  await call("PATCH", `/projects/${projectId}`, { project: { description: "y" } }, admin);
  const { id: userId } = await make(
    "user",
    "/users",
    {
      name: `u-${run}`,
      password: "secret-1",
      domain_id: "default",
      default_project_id: projectId,
      email: "a@b",
    },
    admin,
  );
  await call("POST", "/users", { user: { name: `u-${run}`, password: "x" } }, admin);
  await call("POST", "/users", { user: { password: "x" } }, admin);
  await call("GET", `/users/${userId}`, undefined, admin);
  await call("GET", `/users?name=u-${run}`, undefined, admin);
  await call("GET", `/users/nobody`, undefined, admin);
  await call("GET", `/roles`, undefined, admin);
  const { id: roleId } = await make("role", "/roles", { name: `r-${run}` }, admin);
  await call("POST", "/roles", { role: { name: `r-${run}` } }, admin);
  await call("GET", `/roles/${roleId}`, undefined, admin);
  const memberId: string = (await call("GET", `/roles?name=member`, undefined, admin)).roles[0].id;
  await call("GET", `/roles/nothing`, undefined, admin);
  await call("PUT", `/projects/${projectId}/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("PUT", `/projects/${projectId}/users/${userId}/roles/${memberId}`, undefined, admin);
  await call("PUT", `/projects/${projectId}/users/${userId}/roles/nothing`, undefined, admin);
  await call("PUT", `/projects/${projectId}/users/nobody/roles/${roleId}`, undefined, admin);
  await call("PUT", `/projects/nothing/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("HEAD", `/projects/${projectId}/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("GET", `/projects/${projectId}/users/${userId}/roles`, undefined, admin);
  await call("GET", `/role_assignments?user.id=${userId}`, undefined, admin);
  await call("GET", `/role_assignments?user.id=${userId}&include_names=true`, undefined, admin);
  await call("GET", `/role_assignments?user.id=${userId}&effective`, undefined, admin);
  const userLogin = await logIn({ name: `u-${run}`, domain }, "secret-1", { project: { id: projectId } });
  const user: string = userLogin.issued;
  await call("GET", "/auth/projects", undefined, user);
  await call("GET", "/auth/domains", undefined, user);
  await call("GET", "/auth/system", undefined, user);
  await call("GET", `/users/${userId}/projects`, undefined, user);
  await call("GET", `/users/${userId}`, undefined, user);
  await call("GET", "/users", undefined, user);
  await call("GET", "/projects", undefined, user);
  await call("GET", `/projects/${projectId}`, undefined, user);
  await call("GET", `/projects/${mine}`, undefined, user);
  await call("GET", "/roles", undefined, user);
  await call("GET", "/services", undefined, user);
  await call("GET", "/regions", undefined, user);
  await call("GET", "/domains", undefined, user);
  await call("GET", "/domains/default", undefined, admin);
  await call("GET", "/domains?name=Default", undefined, admin);
  await call("GET", "/domains", undefined, admin);
  await call("POST", "/users", { user: { name: "x" } }, user);
  const { id: serviceId } = await make(
    "service",
    "/services",
    { type: `t-${run}`, name: `s-${run}`, description: "d" },
    admin,
  );
  await call("POST", "/services", { service: { name: `s-${run}` } }, admin);
  await call("GET", `/services/${serviceId}`, undefined, admin);
  await call("GET", `/services?type=t-${run}`, undefined, admin);
  await call("POST", "/regions", { region: { id: `R-${run}` } }, admin);
  await call("POST", "/regions", { region: { id: `R-${run}` } }, admin);
  await call("GET", `/regions/R-${run}`, undefined, admin);
  const { id: endpointId } = await make(
    "endpoint",
    "/endpoints",
    { interface: "public", region_id: `R-${run}`, service_id: serviceId, url: "http://127.0.0.1:1/v1" },
    admin,
  );
  await call(
    "POST",
    "/endpoints",
    { endpoint: { interface: "wrong", region_id: `R-${run}`, service_id: serviceId, url: "http://x" } },
    admin,
  );
  await call(
    "POST",
    "/endpoints",
    { endpoint: { interface: "public", region_id: `none`, service_id: serviceId, url: "http://x" } },
    admin,
  );
  await call("POST", "/endpoints", { endpoint: { interface: "public", service_id: "none", url: "http://x" } }, admin);
  await call("GET", `/endpoints/${endpointId}`, undefined, admin);
  await call("GET", `/endpoints?service_id=${serviceId}&interface=public&region_id=R-${run}`, undefined, admin);
  await call("PATCH", `/endpoints/${endpointId}`, { endpoint: { url: "http://127.0.0.1:2/v1" } }, admin);
  await call("DELETE", `/regions/R-${run}`, undefined, admin);
  await call("DELETE", `/endpoints/${endpointId}`, undefined, admin);
  await call("DELETE", `/endpoints/${endpointId}`, undefined, admin);
  await call("DELETE", `/services/${serviceId}`, undefined, admin);
  await call("DELETE", `/regions/R-${run}`, undefined, admin);
  await playDelegations({ call, make, logIn }, { me, password, admin, user, userId, projectId, memberId });
  await call("POST", `/users/${userId}/password`, { user: { original_password: "wrong", password: "secret-2" } }, user);
  await call(
    "POST",
    `/users/${userId}/password`,
    { user: { original_password: "secret-1", password: "secret-2" } },
    user,
  );
  await call("GET", "/auth/projects", undefined, user);
  await logIn({ name: `u-${run}`, domain }, "secret-2", { project: { id: projectId } });
  await call("PATCH", `/users/${userId}`, { user: { enabled: false } }, admin);
  await logIn({ name: `u-${run}`, domain }, "secret-2", { project: { id: projectId } });
  await call("PATCH", `/users/${userId}`, { user: { enabled: true, password: "secret-3" } }, admin);
  await logIn({ name: `u-${run}`, domain }, "secret-3");
  await call("DELETE", `/projects/${projectId}/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("DELETE", `/projects/${projectId}/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("HEAD", `/projects/${projectId}/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("PUT", `/domains/default/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("GET", `/domains/default/users/${userId}/roles`, undefined, admin);
  await call("DELETE", `/domains/default/users/${userId}/roles/${roleId}`, undefined, admin);
  await call("DELETE", `/roles/${roleId}`, undefined, admin);
  await call("DELETE", `/users/${userId}`, undefined, admin);
  await call("DELETE", `/users/${userId}`, undefined, admin);
  await call("DELETE", `/projects/${projectId}`, undefined, admin);
  await call("GET", "/groups", undefined, admin);
  await call("GET", "/users", undefined, undefined);
  return exchanges;
}
