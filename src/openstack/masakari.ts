import { ResponseError } from "./errors.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { isRecord, pythonJson } from "./json.ts";
import { masakariError } from "./masakari-error.ts";
import type {
  ApiVersion,
  Host,
  HostBody,
  NotificationBody,
  Segment,
  SegmentBody,
  StoredNotification,
} from "./masakari-objects.ts";
import type { Session } from "./session.ts";

export interface CallOptions {
  readonly signal: AbortSignal;
  /** `1.2` or `latest`; undefined sends no header, which means 1.0. */
  readonly microversion?: string | undefined;
}

/** Query of a list: filters of masakari-api.md § 11, `limit`, `marker` (an integer id), `sort_key`, `sort_dir`. */
export type ListQuery = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call extends CallOptions {
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly repeatable?: boolean;
}

/**
 * masakari-api, version 1. Every method throws what the session throws, HttpStatusError (or one of its kinds) for an
 * answer that is an error, and ResponseError for a success that is not what the API documents.
 */
export class MasakariClient {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The version document: which microversions there are. */
  async version(options: CallOptions): Promise<ApiVersion> {
    return member<ApiVersion>(await this.#call({ ...options, method: "GET", path: "" }), "version");
  }

  async createSegment(segment: SegmentBody, options: CallOptions): Promise<Segment> {
    return member(await this.#call({ ...options, method: "POST", path: "/segments", body: { segment } }), "segment");
  }

  async listSegments(query: ListQuery, options: CallOptions): Promise<Segment[]> {
    return list(await this.#call({ ...options, method: "GET", path: `/segments${search(query)}` }), "segments");
  }

  async getSegment(uuid: string, options: CallOptions): Promise<Segment> {
    return member(await this.#call({ ...options, method: "GET", path: segmentPath(uuid) }), "segment");
  }

  async updateSegment(uuid: string, segment: Partial<SegmentBody>, options: CallOptions): Promise<Segment> {
    return member(
      await this.#call({ ...options, method: "PUT", path: segmentPath(uuid), body: { segment } }),
      "segment",
    );
  }

  async deleteSegment(uuid: string, options: CallOptions): Promise<void> {
    await this.#call({ ...options, method: "DELETE", path: segmentPath(uuid) });
  }

  async createHost(segmentUuid: string, host: HostBody, options: CallOptions): Promise<Host> {
    return member(
      await this.#call({ ...options, method: "POST", path: hostPath(segmentUuid), body: { host } }),
      "host",
    );
  }

  async listHosts(segmentUuid: string, query: ListQuery, options: CallOptions): Promise<Host[]> {
    const path = `${hostPath(segmentUuid)}${search(query)}`;
    return list(await this.#call({ ...options, method: "GET", path }), "hosts");
  }

  async getHost(segmentUuid: string, uuid: string, options: CallOptions): Promise<Host> {
    return member(await this.#call({ ...options, method: "GET", path: hostPath(segmentUuid, uuid) }), "host");
  }

  async updateHost(segmentUuid: string, uuid: string, host: Partial<HostBody>, options: CallOptions): Promise<Host> {
    const path = hostPath(segmentUuid, uuid);
    return member(await this.#call({ ...options, method: "PUT", path, body: { host } }), "host");
  }

  async deleteHost(segmentUuid: string, uuid: string, options: CallOptions): Promise<void> {
    await this.#call({ ...options, method: "DELETE", path: hostPath(segmentUuid, uuid) });
  }

  /**
   * Sends what the Python monitors send, header by header.
   * @throws DuplicateNotificationError, HostOnMaintenanceError, HostNotFoundError among the others
   */
  async createNotification(notification: NotificationBody, options: CallOptions): Promise<StoredNotification> {
    const { type, hostname, generated_time, payload } = notification;
    const call = {
      ...options,
      method: "POST" as const,
      path: "/notifications",
      body: { notification: { payload, hostname, type, generated_time } },
      accept: "*/*",
      // The API takes an equal body within 180 s for a duplicate, so a repeat cannot become a second recovery.
      repeatable: true,
    };
    return member(await this.#call(call), "notification");
  }

  async listNotifications(query: ListQuery, options: CallOptions): Promise<StoredNotification[]> {
    return list(
      await this.#call({ ...options, method: "GET", path: `/notifications${search(query)}` }),
      "notifications",
    );
  }

  async getNotification(uuid: string, options: CallOptions): Promise<StoredNotification> {
    const path = `/notifications/${encodeURIComponent(uuid)}`;
    return member(await this.#call({ ...options, method: "GET", path }), "notification");
  }

  async #call(call: Call): Promise<HttpResponse> {
    const { method, path, signal, microversion, repeatable } = call;
    const body = call.body === undefined ? undefined : pythonJson(call.body);
    const response = await this.#session.request(
      {
        method,
        path,
        body,
        repeatable,
        headers: {
          Accept: call.accept ?? "application/json",
          ...(body !== undefined && { "Content-Type": "application/json" }),
          ...(microversion !== undefined && { "OpenStack-API-Version": `instance-ha ${microversion}` }),
        },
      },
      signal,
    );
    if (response.status >= 200 && response.status < 300) return response;
    throw masakariError(response, {
      what: `${method} ${response.url}`,
      who: this.#session.who,
      redact: (text) => this.#session.redact(text),
    });
  }
}

function segmentPath(uuid: string): string {
  return `/segments/${encodeURIComponent(uuid)}`;
}

function hostPath(segmentUuid: string, uuid?: string): string {
  return `${segmentPath(segmentUuid)}/hosts${uuid === undefined ? "" : `/${encodeURIComponent(uuid)}`}`;
}

function search(query: ListQuery): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.append(key, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** The envelope's one member. A 2xx without it comes from something that is not masakari-api, e.g. a login page. */
function member<T>(response: HttpResponse, key: string): T {
  const value = envelope(response)?.[key];
  if (!isRecord(value)) throw unexpected(response, key);
  return value as T;
}

function list<T>(response: HttpResponse, key: string): T[] {
  const value = envelope(response)?.[key];
  if (!Array.isArray(value)) throw unexpected(response, key);
  return value as T[];
}

function envelope(response: HttpResponse): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(response.body.toString("utf8"));
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function unexpected(response: HttpResponse, key: string): ResponseError {
  return new ResponseError(
    `the answer (status ${response.status}) holds no "${key}": is the endpoint that of masakari-api?`,
  );
}
