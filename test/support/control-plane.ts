import type { TestContext } from "node:test";
import type { ControlPlane, ControlPlaneOptions } from "../../src/control-plane/control-plane.ts";
import { startControlPlane } from "../../src/control-plane/control-plane.ts";
import type { Logger } from "../../src/system/log.ts";
import { type RawResponse, rawRequest } from "./raw-request.ts";

/** Collects what is logged at warning and above. */
export function collectingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string) => {
    lines.push(message);
  };
  const drop = () => undefined;
  const logger = { debug: drop, info: drop, warning: keep, error: keep, critical: keep, named: () => logger, lines };
  return logger;
}

/** Users of the tests: an admin and one with the member role only. */
export const testUsers = [
  {
    name: "masakari",
    password: "masakari-secret",
    project: "service",
    roles: ["admin"],
    applicationCredentials: [{ name: "monitors", secret: "app-secret" }],
  },
  { name: "demo", password: "demo-secret", project: "demo", roles: ["member"] },
] as const;

/** Starts a control plane in memory with `testUsers`. */
export function startTestControlPlane(options: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> {
  return startControlPlane({ database: ":memory:", users: testUsers, log: collectingLogger(), ...options });
}

/** As `startTestControlPlane`, closed when the test ends, however it ends. */
export async function startFor(
  context: TestContext,
  options: Partial<ControlPlaneOptions> = {},
): Promise<ControlPlane> {
  const controlPlane = await startTestControlPlane(options);
  context.after(() => controlPlane.close());
  return controlPlane;
}

/** The body of a password login. */
export function passwordLogin(user: string, password: string, project: string) {
  const domain = { name: "Default" };
  return {
    auth: {
      identity: { methods: ["password"], password: { user: { name: user, domain, password } } },
      scope: { project: { name: project, domain } },
    },
  };
}

/** Logs in as one of `testUsers` and returns the token. */
export async function logIn({ keystoneUrl }: ControlPlane, name: "masakari" | "demo" = "masakari"): Promise<string> {
  const user = testUsers.find((candidate) => candidate.name === name);
  if (!user) throw new Error(`no test user ${name}`);
  const body = JSON.stringify(passwordLogin(user.name, user.password, user.project));
  const response = await rawRequest(`${keystoneUrl}/auth/tokens`, "POST", { "content-type": "application/json" }, body);
  const token = response.headers["x-subject-token"];
  if (typeof token !== "string") throw new Error(`login failed: ${response.status} ${response.body}`);
  return token;
}

/** Calls masakari-api with a JSON body. */
export function callMasakari(
  { masakariUrl }: ControlPlane,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawResponse> {
  return rawRequest(
    masakariUrl + path,
    method,
    { "x-auth-token": token, accept: "application/json", "content-type": "application/json", ...headers },
    body === undefined ? "" : JSON.stringify(body),
  );
}
