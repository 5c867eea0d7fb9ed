import { array, literal, nonEmpty, object, pipe, string, trim, union } from "valibot";
import type { OutboxService } from "../notify/outbox-service.ts";
import { conforming } from "../system/parse-json.ts";
import type { MonitorOverview } from "./page/overview.ts";
import type { Report } from "./report.ts";
import type { SubjectReport } from "./subject.ts";

/** What a request on the health socket contains. */
export interface RouteRequest {
  /** The part of the URL after `?`; undefined if there is none. */
  readonly query: string | undefined;
  /** The `Host` header. */
  readonly host?: string | undefined;
  /** The body, parsed from JSON; undefined if it is no JSON, or over 1 MiB. */
  body(): Promise<unknown>;
}

export interface RouteResponse {
  readonly status: number;
  /** An object is sent as JSON, a text as it is. */
  readonly body: object | string;
  /** `application/json` if absent. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the health socket does for one path. */
export interface Route {
  /** GET includes HEAD. */
  readonly method: "GET" | "POST";
  handle(request: RouteRequest): RouteResponse | Promise<RouteResponse>;
}

/** Paths of the health socket; adding one is one line. */
export type Routes = Readonly<Record<string, Route>>;

const STATUS = { ok: 200, degraded: 200, failing: 503 } as const;
const dropRequest = object({
  ids: union([literal("all"), array(string())]),
  reason: pipe(string(), trim(), nonEmpty()),
});
const DROP_USAGE = 'expected: {"ids": [...] or "all", "reason": "..."}';

/** `GET /health`: 200 while the monitor works, 503 when it is failing, the report with both. */
export function healthRoute(report: () => Report): Routes {
  return {
    "/health": {
      method: "GET",
      handle() {
        const body = report();
        return { status: STATUS[body.verdict], body };
      },
    },
  };
}

/** `GET /list`: what is watched. */
export function listRoute(subjects: () => readonly SubjectReport[]): Routes {
  return { "/list": { method: "GET", handle: () => ({ status: 200, body: { subjects: subjects() } }) } };
}

/** `GET /overview`: what the page shows of one monitor. */
export function overviewRoute(overview: () => Promise<MonitorOverview>): Routes {
  return { "/overview": { method: "GET", handle: async () => ({ status: 200, body: await overview() }) } };
}

/** `GET /outbox`, with `?all` also what has ended, and `POST /outbox/drop`. */
export function outboxRoutes(outbox: OutboxService): Routes {
  return {
    "/outbox": {
      method: "GET",
      handle: ({ query }) => ({ status: 200, body: { entries: outbox.list(query === "all") } }),
    },
    "/outbox/drop": { method: "POST", handle: (request) => drop(request, outbox) },
  };
}

async function drop(request: RouteRequest, outbox: OutboxService): Promise<RouteResponse> {
  const wanted = conforming(dropRequest, await request.body());
  if (wanted === undefined) return { status: 400, body: { error: DROP_USAGE } };
  return { status: 200, body: { dropped: outbox.drop(wanted.ids, wanted.reason) } };
}
