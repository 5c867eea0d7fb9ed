import type { DatabaseSync } from "node:sqlite";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../system/log.ts";
import { durably } from "../http/durable.ts";
import { observe } from "../http/observe.ts";
import {
  bodyFailure,
  type HttpServerOptions,
  isAnnouncedTooLarge,
  newHttpServer,
  refuseTooLarge,
} from "../http/server.ts";
import type { CompletedRequest } from "../observation.ts";
import type { LogSync } from "../store/log-sync.ts";
import { readCatalog, type ServiceUrls } from "./catalog.ts";
import { expecting, faultBody, KeystoneFault, unauthorized } from "./fault.ts";
import { type LoginRoom, logIn } from "./login.ts";
import { html, json } from "./reply.ts";
import { applicationCredentialRoutes } from "./resources/application-credentials.ts";
import { assignmentRoutes } from "./resources/assignments.ts";
import { catalogRoutes } from "./resources/catalog-entries.ts";
import { domainRoutes } from "./resources/domains.ts";
import { projectRoutes } from "./resources/projects.ts";
import { roleRoutes } from "./resources/roles.ts";
import { trustRoutes } from "./resources/trusts.ts";
import { userRoutes } from "./resources/users.ts";
import { addIdentityRoutes, isAdmin, notFound, readJson } from "./routes.ts";
import { tokenBody } from "./token-body.ts";
import type { Grant } from "./token-store.ts";

/** What the embedded Keystone stands on. */
export interface KeystoneRoom extends LoginRoom {
  readonly database: DatabaseSync;
  readonly logSync: LogSync;
  readonly http: HttpServerOptions;
  /** Known only once both services listen. */
  readonly urls: () => ServiceUrls;
  readonly onRequest: (request: CompletedRequest) => void;
  readonly log: Logger;
}

const tokenMethods = "GET, OPTIONS, POST, DELETE, HEAD";

/** The corner of Keystone's v3 API that a Masakari and its clients need. Recorded from Keystone 22.0.2. */
export function keystoneApp(room: KeystoneRoom): FastifyInstance {
  const app = newHttpServer(room.http);
  observe(app, "keystone", room.onRequest);
  app.addHook("onRequest", async (request, reply) => {
    if (isAnnouncedTooLarge(request)) await refuseTooLarge(request, reply);
    else reply.headers({ vary: "X-Auth-Token", "x-openstack-request-id": request.id });
  });
  app.setErrorHandler((error, request, reply) => sendError(room, error, request, reply));
  app.setNotFoundHandler((_request, reply) =>
    html(
      reply,
      404,
      "404 Not Found",
      "Not Found",
      "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
    ),
  );
  addVersions(app, room);
  for (const path of ["/v3/auth/tokens", "/v3/auth/tokens/"]) addTokens(app, room, path);
  app.get("/v3/auth/catalog", (request, reply) => {
    callerOf(room, request);
    const self = `${room.urls().identity}/auth/catalog`;
    return json(reply, 200, { catalog: readCatalog(room.database, room.urls()), links: { self } }, "\n");
  });
  const routes = {
    callerOf: (request: FastifyRequest) => callerOf(room, request),
    ...{ base: () => room.urls().identity, logSync: room.logSync },
  };
  addIdentityRoutes(app, routes, [
    ...domainRoutes(room),
    ...projectRoutes(room),
    ...userRoutes(room),
    ...applicationCredentialRoutes(room),
    ...roleRoutes(room),
    ...assignmentRoutes(room),
    ...catalogRoutes(room),
    ...trustRoutes(room, room.trusts),
  ]);
  return app;
}

function addVersions(app: FastifyInstance, room: KeystoneRoom): void {
  const version = () => ({
    id: "v3.14",
    status: "stable",
    updated: "2020-04-07T00:00:00Z",
    links: [{ rel: "self", href: `${room.urls().identity}/` }],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
  });
  app.route({
    method: ["GET", "HEAD"],
    url: "/",
    handler: (_request, reply) =>
      json(reply.header("location", `${room.urls().identity}/`), 300, { versions: { values: [version()] } }),
  });
  for (const url of ["/v3", "/v3/"]) {
    app.route({ method: ["GET", "HEAD"], url, handler: (_request, reply) => json(reply, 200, { version: version() }) });
    app.route({
      method: ["POST", "PUT", "PATCH", "DELETE"],
      url,
      handler: (_request, reply) =>
        html(
          reply.header("allow", "GET, HEAD, OPTIONS"),
          405,
          "405 Method Not Allowed",
          "Method Not Allowed",
          "The method is not allowed for the requested URL.",
        ),
    });
  }
}

function addTokens(app: FastifyInstance, room: KeystoneRoom, url: string): void {
  app.post(url, async (request, reply) => {
    const grant = await durably(request, room.logSync, async () => {
      const grant = await logIn(room, readJson(request), request.ip);
      reply.header("x-subject-token", room.tokens.issue(grant));
      return grant;
    });
    return json(reply, 201, tokenBody(grant, readCatalog(room.database, room.urls())));
  });
  app.route({
    method: ["GET", "HEAD"],
    url,
    handler: (request, reply) => {
      const { grant, token } = subjectOf(room, request, "identity:validate_token");
      const withCatalog = !new URL(request.url, "http://localhost").searchParams.has("nocatalog");
      const catalog = withCatalog ? readCatalog(room.database, room.urls()) : undefined;
      return json(reply.header("x-subject-token", token), 200, tokenBody(grant, catalog));
    },
  });
  app.delete(url, async (request, reply) => {
    const { token } = subjectOf(room, request, "identity:revoke_token");
    await durably(request, room.logSync, () => room.tokens.revoke(token));
    return reply.code(204).send();
  });
  app.options(url, (_request, reply) =>
    reply.header("allow", tokenMethods).header("content-type", "text/html; charset=utf-8").send(""),
  );
  app.route({
    method: ["PUT", "PATCH"],
    url,
    handler: (_request, reply) =>
      json(
        reply.header("allow", tokenMethods),
        405,
        { message: "The method is not allowed for the requested URL." },
        "\n",
      ),
  });
}

function callerOf(room: KeystoneRoom, request: FastifyRequest): Grant {
  const state = room.tokens.find(String(request.headers["x-auth-token"] ?? ""));
  if (state.kind !== "valid") throw unauthorized();
  return state.grant;
}

/** The token a caller asks about: its own, or anybody's if the caller is an admin. */
function subjectOf(room: KeystoneRoom, request: FastifyRequest, rule: string): { grant: Grant; token: string } {
  const caller = callerOf(room, request);
  const token = request.headers["x-subject-token"];
  if (typeof token !== "string") throw new KeystoneFault(404, "No token in the request");
  const state = room.tokens.find(token);
  const mayAsk =
    isAdmin(caller) ||
    // A service's own role, by which it validates its callers' tokens.
    (rule === "identity:validate_token" && caller.roles.some(({ name }) => name === "service")) ||
    (state.kind === "valid" && state.grant.user.id === caller.user.id);
  if (!mayAsk) throw new KeystoneFault(403, `You are not authorized to perform the requested action: ${rule}.`);
  if (state.kind === "unknown") throw new KeystoneFault(404, "Could not recognize Fernet token");
  if (state.kind === "ended") {
    const credential = state.grant.applicationCredential?.id;
    if (credential === undefined || room.identities.applicationCredential({ id: credential })) {
      throw new KeystoneFault(404, "Failed to validate token");
    }
    throw notFound("Application Credential", credential);
  }
  return { grant: state.grant, token };
}

function sendError(room: KeystoneRoom, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = bodyFailure(error);
  if (failure === "too-large") return refuseTooLarge(request, reply);
  const fault =
    failure === "media-type"
      ? expecting("application/json", "Content-Type header")
      : failure === "unreadable"
        ? expecting("valid JSON", "request body")
        : error;
  if (fault instanceof KeystoneFault) {
    if (fault.retryAfter !== undefined) reply.header("retry-after", String(fault.retryAfter));
    if (fault.code === 401) reply.header("www-authenticate", `Keystone uri="${room.urls().identity}"`);
    return reply.code(fault.code).header("content-type", "application/json").send(faultBody(fault));
  }
  room.log.error(`${request.id} failed: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  const unexpected = new KeystoneFault(500, "An unexpected error prevented the server from fulfilling your request.");
  return reply.code(500).header("content-type", "application/json").send(faultBody(unexpected));
}
