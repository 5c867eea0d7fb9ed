import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { Action } from "./call.ts";

/** The actions of a resource, by the names that masakari-api's router gives them. */
export interface Resource {
  /** Below `/v1/`, e.g. `segments/:segment_id/hosts`. */
  readonly path: string;
  readonly actions: { readonly [name in "index" | "create" | "show" | "update" | "delete"]?: Action };
  /** Whether `POST {path}/{id}/action` is routed (nobody handles it: 405). */
  readonly memberAction: boolean;
}

/** Answers a routed request. */
export type Handler = (
  request: FastifyRequest,
  reply: FastifyReply,
  actionName: string,
  action: Action | undefined,
) => Promise<FastifyReply>;

interface Route {
  readonly method: HTTPMethods;
  readonly path: string;
  readonly name: string;
}

/**
 * Routes a resource as the Python package Routes does: what has no action is routed all the same and answers 405; each
 * path also under the project's id and with the suffixes `.json` and `.xml`.
 */
export function addResource(app: FastifyInstance, { path, actions, memberAction }: Resource, handle: Handler): void {
  const member = `${path}/:id${notEmpty}`;
  const routes: Route[] = [
    { method: "GET", path, name: "index" },
    { method: "POST", path, name: "create" },
    { method: "GET", path: `${path}/new`, name: "new" },
    { method: "GET", path: member, name: "show" },
    { method: "PUT", path: member, name: "update" },
    { method: "DELETE", path: member, name: "delete" },
    { method: "GET", path: `${member}/edit`, name: "edit" },
  ];
  if (memberAction) routes.push({ method: "POST", path: `${member}/action`, name: "action" });
  for (const { method, path: route, name } of routes) {
    for (const url of spellings(route)) {
      app.route({
        method,
        url,
        handler: (request, reply) => handle(request, reply, name, actions[name as keyof Resource["actions"]]),
      });
    }
  }
}

/** Without this the router takes nothing for an id too, in `/v1/segments/`. */
export const notEmpty = "(^[^/]+$)";

/** A member's id takes its suffix with it. */
function spellings(path: string): string[] {
  const suffixes = path.endsWith(notEmpty) ? [""] : ["", ".json", ".xml"];
  return ["/v1", "/v1/:project_id(^[0-9a-f-]+$)"].flatMap((prefix) =>
    suffixes.map((suffix) => `${prefix}/${path}${suffix}`),
  );
}
