import type { FastifyRequest } from "fastify";
import type { Schema } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { parseBody } from "../formats/request-body.ts";
import { parseWithNumbers } from "../formats/sent-number.ts";
import { bodyOf } from "../http/server.ts";
import type { Grant } from "../keystone/token-store.ts";
import { ApiFault } from "./fault.ts";
import type { Microversion } from "./microversion.ts";
import { requireAllowed } from "./policy.ts";
import { validate } from "./validation.ts";

/** A request that has passed every check that does not depend on what is stored. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Where the client reaches the API, without `/v1`: the start of links. */
  readonly base: string;
  /** Checked against the action's schema; null where there is none. */
  readonly body: Json;
  readonly version: Microversion;
  readonly caller: Grant;
  /** ms since the Unix epoch. */
  readonly arrivedAt: number;
}

/** One method of a resource. */
export interface Action {
  /** Status of a success. */
  readonly status: 200 | 201 | 202 | 204;
  /** Policy rule, e.g. `os_masakari_api:segments:create`. */
  readonly rule?: string;
  readonly schema?: (version: Microversion) => Schema;
  /** Returns the response's body, as bytes if it is written already, undefined for none; throws ApiFault to refuse. */
  readonly handle: (call: Call) => Json | Buffer | undefined | Promise<Json>;
}

/** What is known of a request once it has been let in. */
export interface Entrant {
  readonly caller: Grant;
  readonly version: Microversion;
  readonly base: string;
  readonly arrivedAt: number;
}

const mediaTypes = ["application/json", "application/vnd.openstack.masakari+json", "text/plain", ""];

/**
 * Runs an action after masakari-api's checks in masakari-api's order: content type, whether the method exists
 * (`action` undefined: it does not), JSON, project in the URL, schema, policy. The microversion has been looked at before.
 * @throws ApiFault
 */
export function perform(request: FastifyRequest, entrant: Entrant, actionName: string, action: Action | undefined) {
  if (!isAcceptedMediaType(request.headers["content-type"])) throw unsupportedMediaType();
  if (!action) {
    throw new ApiFault(
      405,
      `The request method: '${request.method}' with action: '${actionName}' is not allowed on this resource`,
    );
  }
  const body = readBody(request);
  const { project_id: projectId, ...given } = request.params as Record<string, string>;
  const params = { ...given, ...(given.id !== undefined && { id: withoutSuffix(given.id) }) };
  requireOwnProject(projectId, entrant.caller.project?.id);
  if (action.schema) validateSent(action.schema(entrant.version), body, bodyOf(request));
  if (action.rule !== undefined) requireAllowed(entrant.caller, action.rule);
  return action.handle({ ...entrant, params, query: queryOf(request), body });
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf("?");
  return at < 0 ? new URLSearchParams() : new URL(url.slice(at), "http://localhost").searchParams;
}

/** What masakari-api wants of every request, also of one that it has no route for. @throws ApiFault 400 or 415 */
export function requireReadable(request: FastifyRequest): void {
  if (!isAcceptedMediaType(request.headers["content-type"])) throw unsupportedMediaType();
  readBody(request);
}

function isAcceptedMediaType(header = ""): boolean {
  return mediaTypes.includes(header.split(";", 1)[0]?.trim() ?? "");
}

/** The response to a body of another type than JSON. */
export function unsupportedMediaType(): ApiFault {
  return new ApiFault(415, "Unsupported Content-Type");
}

function readBody(request: FastifyRequest): Json {
  if (request.method !== "POST" && request.method !== "PUT") return null;
  const body = parseBody(bodyOf(request));
  // As master responds; 14.0.2 answers 500 to bytes that are not UTF-8.
  if (body.kind === "malformed") throw new ApiFault(400, "Malformed request body");
  return body.value;
}

/** @throws ApiFault 400, which quotes a number as it was sent */
function validateSent(schema: Schema, body: Json, bytes: Buffer): void {
  try {
    validate(schema, body);
  } catch (fault) {
    if (bytes.length > 0) validate(schema, parseWithNumbers(bytes.toString("utf8")));
    throw fault;
  }
}

function requireOwnProject(inUrl: string | undefined, inToken: string | undefined): void {
  if (inUrl === undefined || inUrl === inToken) return;
  throw new ApiFault(
    400,
    `Malformed request URL: URL's project_id '${inUrl}' doesn't match Context's project_id '${inToken ?? "None"}'`,
  );
}

/** A member's path may end in `.json` or `.xml`, which is no part of its id. */
function withoutSuffix(id: string): string {
  return id.replace(/\.(json|xml)$/, "");
}
