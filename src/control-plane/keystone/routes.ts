import type { FastifyInstance, FastifyRequest, HTTPMethods } from "fastify";
import { isObject } from "../formats/json-schema.ts";
import type { Json } from "../formats/python-json.ts";
import { parseBody } from "../formats/request-body.ts";
import { durably } from "../http/durable.ts";
import { bodyOf } from "../http/server.ts";
import type { LogSync } from "../store/log-sync.ts";
import { expecting, KeystoneFault } from "./fault.ts";
import { json } from "./reply.ts";
import type { Grant } from "./token-store.ts";

export type JsonObject = { readonly [key: string]: Json };

/** A request of somebody whose token is good. */
export interface IdentityCall {
  readonly caller: Grant;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The body's one member, `{"project": …}`; empty if there is none. */
  readonly body: JsonObject;
  /** Keystone's URL, with `/v3`. */
  readonly base: string;
  /** Path and query below `/v3`, as in the links of a list. */
  readonly url: string;
}

/** One method of a path below `/v3`. */
export interface IdentityRoute {
  readonly method: HTTPMethods;
  readonly path: string;
  /** Keystone's name of the policy rule, without `identity:`. */
  readonly rule: string;
  /** Who may beside an admin; default nobody. */
  readonly allows?: (call: IdentityCall) => boolean;
  /** The body's member. */
  readonly member?: string;
  readonly status: number;
  /** Returns the response's body, undefined for none. */
  readonly handle: (call: IdentityCall) => Json | undefined | Promise<Json | undefined>;
}

export interface RouteRoom {
  readonly callerOf: (request: FastifyRequest) => Grant;
  readonly base: () => string;
  readonly logSync: LogSync;
}

export function addIdentityRoutes(app: FastifyInstance, room: RouteRoom, routes: readonly IdentityRoute[]): void {
  for (const { method, path, rule, allows, member, status, handle } of routes) {
    app.route({
      method,
      url: `/v3${path}`,
      handler: async (request, reply) => {
        const caller = room.callerOf(request);
        const { pathname, search, searchParams } = new URL(request.url, "http://localhost");
        const call: IdentityCall = {
          caller,
          params: request.params as Readonly<Record<string, string>>,
          query: searchParams,
          body: member === undefined ? {} : readMember(request, member),
          base: room.base(),
          url: pathname.replace(/^\/v3/, "") + search,
        };
        if (!isAdmin(caller) && !allows?.(call)) throw forbidden(`identity:${rule}`);
        const body = await durably(request, room.logSync, () => handle(call));
        return body === undefined ? reply.code(status).send() : json(reply, status, body, "\n");
      },
    });
  }
}

export function isAdmin({ roles }: Grant): boolean {
  return roles.some(({ name }) => name === "admin");
}

export function forbidden(action: string): KeystoneFault {
  return new KeystoneFault(403, `You are not authorized to perform the requested action: ${action}.`);
}

/** @throws KeystoneFault 400 unless the body is JSON */
export function readJson(request: FastifyRequest): Json {
  const type = request.headers["content-type"];
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    throw expecting("application/json", "Content-Type header");
  }
  const body = parseBody(bodyOf(request));
  if (body.kind === "malformed" || (body.value === null && bodyOf(request).length > 0)) {
    throw expecting("valid JSON", "request body");
  }
  return body.value;
}

function readMember(request: FastifyRequest, member: string): JsonObject {
  const body = readJson(request);
  if (body === null) return {};
  if (!isObject(body)) throw expecting("valid JSON", "request body");
  const found = Object.hasOwn(body, member) ? body[member] : {};
  if (!isObject(found)) throw expecting(member, "request body");
  return found;
}

/** One object in its envelope, with the link to itself. */
export function oneOf(call: IdentityCall, collection: string, member: string, row: JsonObject): Json {
  return { [member]: withLink(call, collection, row) };
}

/** A list in its envelope; there is one page of everything. */
export function listOf(call: IdentityCall, collection: string, rows: readonly JsonObject[], path = collection): Json {
  return {
    [collection]: rows.map((row) => withLink(call, path, row)),
    links: { next: null, self: call.base + call.url, previous: null },
  };
}

export function withLink({ base }: IdentityCall, collection: string, row: JsonObject): JsonObject {
  return { ...row, links: { self: `${base}/${collection}/${String(row.id)}` } };
}

/** Those rows for which every filter that the query has is met; unknown parameters are ignored. */
export function filtered<Row extends JsonObject>(
  rows: readonly Row[],
  query: URLSearchParams,
  filters: readonly (keyof Row & string)[],
): readonly Row[] {
  const given = filters.filter((name) => query.has(name));
  return rows.filter((row) => given.every((name) => matches(row[name], query.get(name) ?? "")));
}

function matches(value: Json | undefined, wanted: string): boolean {
  if (typeof value === "boolean") return value === !["0", "false"].includes(wanted.toLowerCase());
  return value === wanted;
}

/** @throws KeystoneFault 404 */
export function found<Row>(row: Row | undefined, what: string, id: string): Row {
  if (row === undefined) throw notFound(what, id);
  return row;
}

export function notFound(what: string, id: string): KeystoneFault {
  return new KeystoneFault(404, `Could not find ${what}: ${id}.`);
}

export function conflict(what: string, details: string): KeystoneFault {
  return new KeystoneFault(409, `Conflict occurred attempting to store ${what} - ${details}.`);
}
