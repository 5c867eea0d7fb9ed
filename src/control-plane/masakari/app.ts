import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../system/log.ts";
import { type Json, toPythonJson } from "../formats/python-json.ts";
import { bestMatch } from "../http/accept.ts";
import { addCors } from "../http/cors.ts";
import { durably } from "../http/durable.ts";
import { observe } from "../http/observe.ts";
import { releaseWhenSent } from "../http/release-when-sent.ts";
import {
  bodyFailure,
  type HttpServerOptions,
  isAnnouncedTooLarge,
  newHttpServer,
  refuseTooLarge,
} from "../http/server.ts";
import { webobError } from "../http/webob-error.ts";
import type { TokenStore } from "../keystone/token-store.ts";
import type { CompletedRequest, NotificationArrival } from "../observation.ts";
import type { LogSync } from "../store/log-sync.ts";
import { type Action, type Entrant, perform, requireReadable, unsupportedMediaType } from "./call.ts";
import { extensionsResource } from "./extensions.ts";
import { ApiFault, faultBody } from "./fault.ts";
import { addHealthcheck, healthcheckPath } from "./healthcheck.ts";
import { hostsResource } from "./hosts/routes.ts";
import { readMicroversion, requireSupported } from "./microversion.ts";
import type { NotificationDelay } from "./notification-delay.ts";
import { notificationsResource } from "./notifications/routes.ts";
import type { Release } from "./release.ts";
import { addResource } from "./resource.ts";
import { segmentsResource } from "./segments/routes.ts";
import type { Stores } from "./stores.ts";
import { pathOf, showVersion, versionChoices, versionList, versionsResource } from "./versions.ts";
import { vmovesResource } from "./vmoves/routes.ts";

/** What the embedded masakari-api stands on. */
export interface MasakariRoom {
  readonly stores: Stores;
  readonly tokens: TokenStore;
  readonly logSync: LogSync;
  /** Keystone's URL, for the 401's header; known only once it listens. */
  readonly identityUrl: () => string;
  readonly http: HttpServerOptions;
  /** Where clients reach the API, without `/v1`; undefined: where each request says that it went. */
  readonly publicBase: string | undefined;
  /** Web pages' origins that may read responses. */
  readonly corsOrigins: readonly string[];
  readonly notificationDelay: NotificationDelay | undefined;
  /** Aborts when the control plane closes. */
  readonly signal: AbortSignal;
  readonly onNotification: (arrival: NotificationArrival) => void;
  readonly onRequest: (request: CompletedRequest) => void;
  readonly log: Logger;
}

/** masakari-api, as the release that was chosen has it. */
export function masakariApp(room: MasakariRoom): FastifyInstance {
  const app = newHttpServer(room.http);
  const { arrivedAt } = observe(app, "masakari", room.onRequest);
  const entrants = new WeakMap<FastifyRequest, Entrant>();
  const { stores, log } = room;
  const { release } = stores;
  const baseOf = (request: FastifyRequest) => room.publicBase ?? `${request.protocol}://${request.host}`;
  addCors(app, room.corsOrigins, isVersioned);

  app.addHook("onRequest", async (request, reply) => {
    if (!needsToken(request)) return;
    if (request.method === "OPTIONS") {
      await reply.code(200).send();
      return;
    }
    reply.header("x-openstack-request-id", request.id);
    if (isAnnouncedTooLarge(request)) {
      await refuseTooLarge(request, reply);
      return;
    }
    const state = room.tokens.find(String(request.headers["x-auth-token"] ?? ""));
    if (state.kind !== "valid") {
      await refuseToken(reply, room.identityUrl());
      return;
    }
    if (request.is404) return;
    const header = request.headers["openstack-api-version"];
    const version = readMicroversion(Array.isArray(header) ? header.join(",") : header, release);
    const known = { caller: state.grant, version, base: baseOf(request), arrivedAt: arrivedAt(request) };
    entrants.set(request, known);
    requireSupported(version, release);
  });

  const handle = async (request: FastifyRequest, reply: FastifyReply, name: string, action: Action | undefined) => {
    const entrant = entrants.get(request);
    if (!entrant) throw new Error("a request reached its route without having been let in");
    const body = await durably(request, room.logSync, () => perform(request, entrant, name, action));
    nameVersion(reply, `${release.service} ${entrant.version.text}`);
    return success(request, reply, action?.status ?? 200, body);
  };

  const sendUnrouted = (request: FastifyRequest, reply: FastifyReply) => {
    if (isVersioned(request)) return refuseRoute(request, reply);
    try {
      requireReadable(request);
    } catch (fault) {
      return sendError(log, fault, request, reply);
    }
    return choices(request, reply, baseOf(request), release);
  };
  app.setErrorHandler((error, request, reply) => {
    if (request.is404 && bodyFailure(error) !== "too-large") return sendUnrouted(request, reply);
    const version = entrants.get(request)?.version;
    if (version !== undefined) {
      nameVersion(reply, version.supported || release.repeatsRefused ? `instance-ha ${version.text}` : undefined);
    }
    return sendError(log, error, request, reply);
  });
  app.setNotFoundHandler(sendUnrouted);
  for (const url of ["/v1", "/v1/"]) {
    app.get(url, (request, reply) => handle(request, reply, "show", showVersion(release)));
  }
  for (const resource of [
    versionsResource(release),
    extensionsResource(release),
    segmentsResource(stores),
    hostsResource(stores),
    notificationsResource(stores, {
      delay: room.notificationDelay,
      signal: room.signal,
      onStored: room.onNotification,
    }),
    ...(release.hasVmoves ? [vmovesResource(stores)] : []),
  ]) {
    addResource(app, resource, handle);
  }
  if (release.hasVmoves) addHealthcheck(app, stores.database, room.logSync);
  return app;
}

/** Judged by the route that is taken, however its URL was spelt: without a token only the versions are shown. */
function needsToken(request: FastifyRequest): boolean {
  return isVersioned(request) || !(request.is404 || request.routeOptions.url === healthcheckPath);
}

function isVersioned(request: FastifyRequest): boolean {
  return /^\/v1(?:[/?]|$)/.test(request.url);
}

function choices(request: FastifyRequest, reply: FastifyReply, base: string, release: Release): FastifyReply {
  const path = pathOf(request.url).replace(/^\/+/, "/");
  return path === "/"
    ? success(request, reply, 200, versionList(base, release))
    : success(request, reply, 300, versionChoices(base, path));
}

function success(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: Json | Buffer | undefined,
): FastifyReply {
  const vendor = "application/vnd.openstack.masakari+json";
  const isJsonByName = /\.json(?:\?|$)/.test(request.url);
  const type = isJsonByName
    ? "application/json"
    : (bestMatch(request.headers.accept, ["application/json", vendor]) ?? "application/json");
  reply.code(status).header("content-type", type);
  if (body === undefined) return reply.send();
  if (!Buffer.isBuffer(body)) return reply.send(Buffer.from(toPythonJson(body)));
  releaseWhenSent(reply.raw, body);
  return reply.send(body);
}

/** @param version undefined: it is not named */
function nameVersion(reply: FastifyReply, version: string | undefined): void {
  reply.header("vary", "OpenStack-API-Version");
  if (version !== undefined) reply.header("openstack-api-version", version);
}

function sendError(log: Logger, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = bodyFailure(error);
  if (failure === "too-large") return refuseTooLarge(request, reply);
  const fault =
    failure === "media-type" ? unsupportedMediaType() : failure ? new ApiFault(400, "Malformed request body") : error;
  if (fault instanceof ApiFault) return sendFault(reply, fault);
  log.error(`${request.id} failed: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  return sendFault(reply, new ApiFault(500, "Unexpected API Error. See the control plane's log."));
}

function sendFault(reply: FastifyReply, fault: ApiFault): FastifyReply {
  return reply
    .code(fault.code)
    .header("content-type", "application/json; charset=UTF-8")
    .send(Buffer.from(toPythonJson(faultBody(fault))));
}

/** keystonemiddleware's response to every token that is missing, unknown, expired or revoked. */
function refuseToken(reply: FastifyReply, identityUrl: string): FastifyReply {
  const error = { code: 401, title: "Unauthorized", message: "The request you have made requires authentication." };
  return reply
    .code(401)
    .headers({ "content-type": "application/json", "www-authenticate": `Keystone uri="${identityUrl}"` })
    .send(Buffer.from(toPythonJson({ error })));
}

/** The router's 404: none of the API's error shapes. */
function refuseRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // WebOb answers HEAD without looking at Accept.
  const accept = request.method === "HEAD" ? "text/html" : request.headers.accept;
  const page = webobError(accept, 404, "Not Found", "The resource could not be found.");
  reply.code(404).header("content-type", page.contentType);
  return reply.send(request.method === "HEAD" ? "" : page.body);
}
