import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What masakari-api's own defaults of oslo.middleware's `[cors]` section allow. */
const methods = ["GET", "PUT", "POST", "DELETE", "PATCH"];
const exposed = ["X-Auth-Token", "X-Openstack-Request-Id", "X-Subject-Token", "X-Service-Token"];
const simple = [
  ...["accept", "accept-language", "content-type", "cache-control", "content-language", "expires"],
  ...["last-modified", "pragma"],
];
const requestable = new Set([
  ...["x-auth-token", "x-openstack-request-id", "x-identity-status", "x-roles", "x-service-catalog"],
  ...["x-user-id", "x-tenant-id"],
  ...simple,
]);
const maxAge = "3600";

/**
 * Lets pages of `origins` (`https://horizon.example.org`, or `*`) read responses in a browser, as oslo.middleware's filter does; without any, responses
 * are as without the filter. `concerns` has the requests that the filter is in front of.
 */
export function addCors(
  app: FastifyInstance,
  origins: readonly string[],
  concerns: (request: FastifyRequest) => boolean,
): void {
  if (origins.length === 0) return;
  app.addHook("onSend", (request, reply, _payload, done) => {
    const origin = concerns(request) ? allowedOrigin(origins, request.headers.origin) : undefined;
    if (origin !== undefined && request.method === "OPTIONS") allowPreflight(request, reply, origin);
    else if (origin !== undefined) allowRead(reply, origin);
    done();
  });
}

function allowedOrigin(origins: readonly string[], origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (origins.includes(origin)) return origin;
  return origins.includes("*") ? "*" : undefined;
}

function allowPreflight(request: FastifyRequest, reply: FastifyReply, origin: string): void {
  const method = request.headers["access-control-request-method"];
  if (method === undefined || !methods.includes(method)) return;
  const wanted = String(request.headers["access-control-request-headers"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (!wanted.every((name) => requestable.has(name.toLowerCase()))) return;
  reply.headers({
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-max-age": maxAge,
    "access-control-allow-methods": method,
    ...(wanted.length > 0 && { "access-control-allow-headers": wanted.join(",") }),
  });
}

function allowRead(reply: FastifyReply, origin: string): void {
  const vary = reply.getHeader("vary");
  reply.headers({
    vary: vary === undefined ? "Origin" : `${String(vary)},Origin`,
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": exposed.join(","),
  });
}
