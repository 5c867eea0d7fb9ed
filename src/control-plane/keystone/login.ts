import { randomBytes } from "node:crypto";
import { networkOf } from "../../system/peer-network.ts";
import { isObject } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { expecting, KeystoneFault, unauthorized } from "./fault.ts";
import type { ApplicationCredential, Domain, IdentityStore, Project, User } from "./identity-store.ts";
import { at, checkLogin, textAt } from "./login-schema.ts";
import { hashSecret, isWeak, verifySecret } from "./secret-hash.ts";
import type { LoginThrottle } from "./throttle.ts";
import type { Grant, TokenStore } from "./token-store.ts";
import type { TrustRow, TrustStore } from "./trust-store.ts";

/** What logging in needs. */
export interface LoginRoom {
  readonly identities: IdentityStore;
  readonly tokens: TokenStore;
  readonly trusts: TrustStore;
  readonly throttle: LoginThrottle;
  /** Keeps a user's password under today's hash. */
  readonly storePasswordHash: (userId: string, hash: string) => void;
  /** Seconds that a new token is good for. */
  readonly tokenLifetime: number;
  readonly now: () => number;
}

type Scope =
  | { readonly kind: "default" }
  | { readonly kind: "unscoped" }
  | { readonly kind: "project"; readonly project: Project }
  | { readonly kind: "domain"; readonly domain: Domain }
  | { readonly kind: "trust"; readonly trust: TrustRow };

/** Somebody who has shown who they are. */
interface Proof {
  readonly user: User;
  readonly methods: readonly string[];
  /** The token that was shown: a token made from it ends when it does. */
  readonly from?: Grant;
  readonly applicationCredential?: ApplicationCredential;
}

/** What was sent, and the network that it came from. */
interface Attempt {
  readonly identity: Json;
  readonly scope: Json | undefined;
  readonly network: string;
}

type Method = (room: LoginRoom, attempt: Attempt) => Promise<Proof>;

const methods: Readonly<Record<string, Method>> = {
  password: byPassword,
  token: byToken,
  application_credential: byApplicationCredential,
};

/**
 * Checks a login (the body of `POST /v3/auth/tokens`) and returns what its token stands for.
 * @param peer the address that it came from
 * @throws KeystoneFault 400 for a bad request, 401 for a wrong credential or a scope without a role, 429 after too many wrong ones
 */
export async function logIn(room: LoginRoom, body: Json, peer: string): Promise<Grant> {
  if (body !== null && !isObject(body)) throw expecting("valid JSON", "request body");
  const auth = at(body, "auth");
  if (auth === undefined || auth === null) throw expecting("auth", "request body");
  checkLogin(auth);
  const identity = at(auth, "identity") as { readonly [key: string]: Json };
  const names = [...new Set(identity.methods as string[])];
  const missing = names.find((name) => !Object.hasOwn(identity, name));
  if (missing !== undefined) throw expecting(missing, "identity");
  const scope = readScope(room, at(auth, "scope"));
  const proof = await prove(room, names, { identity, scope: at(auth, "scope"), network: networkOf(peer) });
  return grant(room, proof, scope);
}

async function prove(room: LoginRoom, names: readonly string[], attempt: Attempt) {
  let proof: Proof | undefined;
  for (const name of names) {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw unauthorized();
    const next = await method(room, attempt);
    if (proof && proof.user.id !== next.user.id) throw unauthorized();
    proof = { ...proof, ...next, methods: [...new Set([...next.methods, ...(proof?.methods ?? [])])] };
  }
  if (!proof) throw unauthorized();
  return proof;
}

function readScope({ identities, trusts }: LoginRoom, scope: Json | undefined): Scope {
  if (scope === undefined || scope === null) return { kind: "default" };
  const kinds = ["system", "project", "domain", "OS-TRUST:trust", "unscoped"];
  const given = kinds.filter((kind) => (isObject(scope) ? Object.hasOwn(scope, kind) : scope === kind));
  if (given.length !== 1) throw expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
  switch (given[0]) {
    case "unscoped":
      return { kind: "unscoped" };
    case "project": {
      const project = findNamed(identities, at(scope, "project"), "project");
      if (!project?.enabled) throw unauthorized();
      return { kind: "project", project };
    }
    case "domain": {
      const domain = findDomain(identities, at(scope, "domain"));
      if (!domain) throw unauthorized();
      return { kind: "domain", domain };
    }
    case "OS-TRUST:trust": {
      const trust = trusts.find(textAt(at(scope, "OS-TRUST:trust"), "id") ?? "");
      if (!trust) throw unauthorized();
      return { kind: "trust", trust };
    }
    default:
      // Nobody has a role on the whole system here.
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

async function byPassword(room: LoginRoom, { identity, network }: Attempt): Promise<Proof> {
  const given = at(identity, "password/user");
  if (given === undefined) throw expecting("user", "None");
  const user = findNamed(room.identities, given, "user");
  const password = textAt(given, "password") ?? "";
  const who = user?.id ?? `${textAt(given, "id")} ${textAt(given, "name")}`;
  await requireSecret(room, `${network} user ${who.slice(0, 255)}`, password, user?.passwordHash);
  if (!user?.enabled) throw unauthorized();
  if (isWeak(user.passwordHash)) room.storePasswordHash(user.id, await hashSecret(password));
  return { user, methods: ["password"] };
}

/** @throws KeystoneFault 401 if `secret` is not the one that was hashed, 429 instead of looking at it after too many wrong ones */
async function requireSecret({ throttle }: LoginRoom, key: string, secret: string, hash: string | undefined) {
  throttle.require(key);
  const isRight = await verifySecret(secret, hash);
  // Again: of many attempts that are sent at once, only so many may learn whether they were right.
  throttle.require(key);
  if (isRight) throttle.succeeded(key);
  else {
    throttle.failed(key);
    throw unauthorized();
  }
}

function byToken({ identities, tokens }: LoginRoom, { identity }: Attempt): Promise<Proof> {
  const state = tokens.find(textAt(identity, "token/id") ?? "");
  if (state.kind === "unknown") return Promise.reject(new KeystoneFault(404, "Could not recognize Fernet token"));
  const user = state.kind === "valid" ? identities.user({ id: state.grant.user.id }) : undefined;
  if (state.kind !== "valid" || !user?.enabled) return Promise.reject(unauthorized());
  // What an application credential or a trust lends cannot be exchanged for another scope.
  if (state.grant.applicationCredential || state.grant.trust) return Promise.reject(unauthorized());
  return Promise.resolve({ user, methods: [...new Set(["token", ...state.grant.methods])], from: state.grant });
}

async function byApplicationCredential(room: LoginRoom, { identity, scope, network }: Attempt): Promise<Proof> {
  const { identities } = room;
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
  if (!credential && id !== undefined) throw new KeystoneFault(404, `Could not find Application Credential: ${id}.`);
  const key = `${network} application credential ${credential?.id ?? `${owner?.id} ${name?.slice(0, 255)}`}`;
  await requireSecret(room, key, textAt(given, "secret") ?? "", credential?.secretHash);
  const user = credential && identities.user({ id: credential.userId });
  const isOver = (credential?.expiresAt ?? Number.POSITIVE_INFINITY) <= room.now();
  if (!credential || !user?.enabled || isOver) throw unauthorized();
  if (scope !== undefined && scope !== null) {
    throw new KeystoneFault(
      401,
      "Error authenticating with application credential: Application credentials cannot request a scope.",
    );
  }
  return { user, methods: ["application_credential"], applicationCredential: credential };
}

function grant(room: LoginRoom, proof: Proof, scope: Scope): Grant {
  if (scope.kind === "trust") return grantByTrust(room, proof, scope.trust);
  const { user, applicationCredential, from } = proof;
  const issuedAt = Math.floor(room.now() / 1000) * 1000;
  const target = chooseTarget(room.identities, proof, scope);
  return {
    methods: proof.methods,
    user: { id: user.id, name: user.name, domain: user.domain },
    auditIds: auditIds(proof),
    issuedAt,
    expiresAt: ending(room, issuedAt, from, applicationCredential?.expiresAt),
    ...target,
    ...(applicationCredential && {
      applicationCredential: {
        id: applicationCredential.id,
        name: applicationCredential.name,
        unrestricted: applicationCredential.unrestricted === true,
      },
    }),
  };
}

/** The token of a trustee: with the roles that the trust lends, and the trustor's name if it impersonates. */
function grantByTrust(room: LoginRoom, proof: Proof, trust: TrustRow): Grant {
  const { identities, trusts } = room;
  if (proof.user.id !== trust.trustee_user_id || proof.applicationCredential) {
    throw new KeystoneFault(403, "You are not authorized to perform the requested action.");
  }
  const trustor = identities.user({ id: trust.trustor_user_id });
  const project = trust.project_id === null ? undefined : identities.project({ id: trust.project_id });
  const held = project && trustor ? identities.roles(trustor.id, "project", project.id) : [];
  const lent = (JSON.parse(trust.role_ids) as string[]).flatMap((id) => held.find((role) => role.id === id) ?? []);
  // Nobody can lend what they have lost.
  if (!trustor?.enabled || !project?.enabled || lent.length === 0 || !trusts.use(trust.id)) throw unauthorized();
  const user = trust.impersonation !== 0 ? trustor : proof.user;
  const issuedAt = Math.floor(room.now() / 1000) * 1000;
  return {
    methods: proof.methods,
    user: { id: user.id, name: user.name, domain: user.domain },
    auditIds: auditIds(proof),
    issuedAt,
    expiresAt: ending(room, issuedAt, proof.from, trust.expires_at_ms),
    project: { id: project.id, name: project.name, domain: project.domain },
    roles: identities.withImplied(lent),
    trust: {
      ...{ id: trust.id, trustor: trustor.id, trustee: trust.trustee_user_id },
      impersonation: trust.impersonation !== 0,
    },
  };
}

function auditIds({ from }: Proof): string[] {
  return [randomBytes(16).toString("base64url"), ...(from?.auditIds.slice(-1) ?? [])];
}

/** When a new token ends: with the token that it is made from or after its lifetime, but no later than what it is given for. */
function ending(
  { tokenLifetime }: LoginRoom,
  issuedAt: number,
  from: Grant | undefined,
  limit: number | null | undefined,
): number {
  return Math.min(from?.expiresAt ?? issuedAt + tokenLifetime * 1000, limit ?? Number.MAX_SAFE_INTEGER);
}

function chooseTarget(
  identities: IdentityStore,
  proof: Proof,
  scope: Exclude<Scope, { readonly kind: "trust" }>,
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
  const roleIds = applicationCredential?.roleIds;
  const held = project?.enabled
    ? identities.roles(user.id, "project", project.id).filter(({ id }) => roleIds?.includes(id) ?? true)
    : [];
  if (project && held.length > 0) {
    return { project: { id: project.id, name: project.name, domain: project.domain }, roles: held };
  }
  // A default project that the user has lost gives an unscoped token; one that was asked for is refused.
  if (scope.kind === "project" || applicationCredential) throw unauthorized();
  return { roles: [] };
}
