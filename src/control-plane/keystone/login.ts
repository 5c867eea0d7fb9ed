import { randomBytes } from "node:crypto";
import { isObject } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { expecting, KeystoneFault, unauthorized } from "./fault.ts";
import type { Domain, IdentityStore, Project, User } from "./identity-store.ts";
import { at, checkLogin, textAt } from "./login-schema.ts";
import { verifySecret } from "./secret-hash.ts";
import type { Grant, TokenStore } from "./token-store.ts";

/** What logging in needs. */
export interface LoginRoom {
  readonly identities: IdentityStore;
  readonly tokens: TokenStore;
  /** Seconds that a new token is good for. */
  readonly tokenLifetime: number;
  readonly now: () => number;
}

type Scope =
  | { readonly kind: "default" }
  | { readonly kind: "unscoped" }
  | { readonly kind: "project"; readonly project: Project }
  | { readonly kind: "domain"; readonly domain: Domain };

/** Somebody who has shown who they are. */
interface Proof {
  readonly user: User;
  readonly methods: readonly string[];
  /** The token that was shown: a token made from it ends when it does. */
  readonly from?: Grant;
  readonly applicationCredential?: { readonly id: string; readonly name: string; readonly projectId: string };
}

type Method = (room: LoginRoom, identity: Json, scope: Json | undefined) => Promise<Proof>;

const methods: Readonly<Record<string, Method>> = {
  password: byPassword,
  token: byToken,
  application_credential: byApplicationCredential,
};

/**
 * Checks a login (the body of `POST /v3/auth/tokens`) and returns what its token stands for.
 * @throws KeystoneFault 400 for a bad request, 401 for a wrong credential or a scope without a role
 */
export async function logIn(room: LoginRoom, body: Json): Promise<Grant> {
  if (body !== null && !isObject(body)) throw expecting("valid JSON", "request body");
  const auth = at(body, "auth");
  if (auth === undefined || auth === null) throw expecting("auth", "request body");
  checkLogin(auth);
  const identity = at(auth, "identity") as { readonly [key: string]: Json };
  const names = [...new Set(identity.methods as string[])];
  const missing = names.find((name) => !Object.hasOwn(identity, name));
  if (missing !== undefined) throw expecting(missing, "identity");
  const scope = readScope(room.identities, at(auth, "scope"));
  const proof = await prove(room, names, identity, at(auth, "scope"));
  return grant(room, proof, scope);
}

async function prove(room: LoginRoom, names: readonly string[], identity: Json, scope: Json | undefined) {
  let proof: Proof | undefined;
  for (const name of names) {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw unauthorized();
    const next = await method(room, identity, scope);
    if (proof && proof.user.id !== next.user.id) throw unauthorized();
    proof = { ...proof, ...next, methods: [...new Set([...next.methods, ...(proof?.methods ?? [])])] };
  }
  if (!proof) throw unauthorized();
  return proof;
}

function readScope(identities: IdentityStore, scope: Json | undefined): Scope {
  if (scope === undefined || scope === null) return { kind: "default" };
  const kinds = ["system", "project", "domain", "OS-TRUST:trust", "unscoped"];
  const given = kinds.filter((kind) => (isObject(scope) ? Object.hasOwn(scope, kind) : scope === kind));
  if (given.length !== 1) throw expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
  switch (given[0]) {
    case "unscoped":
      return { kind: "unscoped" };
    case "project": {
      const project = findNamed(identities, at(scope, "project"), "project");
      if (!project) throw unauthorized();
      return { kind: "project", project };
    }
    case "domain": {
      const domain = findDomain(identities, at(scope, "domain"));
      if (!domain) throw unauthorized();
      return { kind: "domain", domain };
    }
    default:
      // Nobody has a role on the whole system here, and there are no trusts.
      throw unauthorized();
  }
}

function findDomain(identities: IdentityStore, value: Json | undefined): Domain | undefined {
  const [id, name] = [textAt(value, "id"), textAt(value, "name")];
  if (id !== undefined) return identities.domain({ id });
  return name === undefined ? undefined : identities.domain({ name });
}

function findNamed(identities: IdentityStore, value: Json | undefined, kind: "project"): Project | undefined;
function findNamed(identities: IdentityStore, value: Json | undefined, kind: "user"): User | undefined;
function findNamed(identities: IdentityStore, value: Json | undefined, kind: "project" | "user") {
  const [id, name] = [textAt(value, "id"), textAt(value, "name")];
  if (id !== undefined) return identities[kind]({ id });
  if (at(value, "domain") === undefined) throw expecting("domain", kind);
  const domain = findDomain(identities, at(value, "domain"));
  return domain && name !== undefined ? identities[kind]({ name, domainId: domain.id }) : undefined;
}

async function byPassword({ identities }: LoginRoom, identity: Json): Promise<Proof> {
  const given = at(identity, "password/user");
  if (given === undefined) throw expecting("user", "None");
  const user = findNamed(identities, given, "user");
  const good = await verifySecret(textAt(given, "password") ?? "", user?.passwordHash);
  if (!user || !good) throw unauthorized();
  return { user, methods: ["password"] };
}

function byToken({ identities, tokens }: LoginRoom, identity: Json): Promise<Proof> {
  const state = tokens.find(textAt(identity, "token/id") ?? "");
  if (state.kind === "unknown") return Promise.reject(new KeystoneFault(404, "Could not recognize Fernet token"));
  const user = state.kind === "valid" ? identities.user({ id: state.grant.user.id }) : undefined;
  // Keystone does not let an application credential's token be exchanged for another.
  if (state.kind !== "valid" || !user || state.grant.applicationCredential) return Promise.reject(unauthorized());
  return Promise.resolve({ user, methods: [...new Set(["token", ...state.grant.methods])], from: state.grant });
}

async function byApplicationCredential(
  { identities }: LoginRoom,
  identity: Json,
  scope: Json | undefined,
): Promise<Proof> {
  const given = at(identity, "application_credential");
  const [id, name] = [textAt(given, "id"), textAt(given, "name")];
  if (id === undefined && name === undefined) throw expecting("name or ID", "application credential");
  if (id === undefined && at(given, "user") === undefined) throw expecting("user", "application credential");
  const owner = id === undefined ? findNamed(identities, at(given, "user"), "user") : undefined;
  const credential =
    id !== undefined
      ? identities.applicationCredential({ id })
      : owner && name !== undefined
        ? identities.applicationCredential({ name, userId: owner.id })
        : undefined;
  const good = await verifySecret(textAt(given, "secret") ?? "", credential?.secretHash);
  if (!credential) {
    throw id === undefined ? unauthorized() : new KeystoneFault(404, `Could not find Application Credential: ${id}.`);
  }
  const user = identities.user({ id: credential.userId });
  if (!good || !user) throw unauthorized();
  if (scope !== undefined && scope !== null) {
    throw new KeystoneFault(
      401,
      "Error authenticating with application credential: Application credentials cannot request a scope.",
    );
  }
  return { user, methods: ["application_credential"], applicationCredential: credential };
}

function grant(room: LoginRoom, proof: Proof, scope: Scope): Grant {
  const { user, applicationCredential, from } = proof;
  const issuedAt = Math.floor(room.now() / 1000) * 1000;
  const target = chooseTarget(room.identities, proof, scope);
  return {
    methods: proof.methods,
    user: { id: user.id, name: user.name, domain: user.domain },
    auditIds: [randomBytes(16).toString("base64url"), ...(from?.auditIds.slice(-1) ?? [])],
    issuedAt,
    expiresAt: from?.expiresAt ?? issuedAt + room.tokenLifetime * 1000,
    ...target,
    ...(applicationCredential && {
      applicationCredential: { id: applicationCredential.id, name: applicationCredential.name },
    }),
  };
}

function chooseTarget(
  identities: IdentityStore,
  proof: Proof,
  scope: Scope,
): Pick<Grant, "project" | "domain" | "roles"> {
  const { user, applicationCredential } = proof;
  if (scope.kind === "unscoped") return { roles: [] };
  if (scope.kind === "domain") {
    const held = identities.roles(user.id, "domain", scope.domain.id);
    if (held.length === 0) throw unauthorized();
    return { domain: scope.domain, roles: held };
  }
  const wanted = applicationCredential?.projectId ?? user.defaultProjectId;
  const project = scope.kind === "project" ? scope.project : wanted ? identities.project({ id: wanted }) : undefined;
  const held = project ? identities.roles(user.id, "project", project.id) : [];
  if (project && held.length > 0) {
    return { project: { id: project.id, name: project.name, domain: project.domain }, roles: held };
  }
  // A default project that the user has lost gives an unscoped token; one that was asked for is refused.
  if (scope.kind === "project" || applicationCredential) throw unauthorized();
  return { roles: [] };
}
