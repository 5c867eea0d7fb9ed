import { array, type GenericSchema, type InferOutput, object } from "valibot";
import { ResponseError } from "../http/errors.ts";
import { shorten } from "../http/shorten.ts";
import type { HttpRequest, HttpResponse } from "../http/transport.ts";
import { type Checked, checkJson } from "../system/parse-json.ts";
import { pythonJson } from "./json.ts";
import { masakariError } from "./masakari-error.ts";
import {
  type AcceptedNotification,
  type ApiVersion,
  acceptedSchema,
  type Host,
  type HostBody,
  hostSchema,
  type NotificationBody,
  notificationSchema,
  type Segment,
  type SegmentBody,
  type StoredNotification,
  segmentSchema,
  type Vmove,
  versionSchema,
  vmoveSchema,
} from "./masakari-objects.ts";
import { faultOf, isMasakariVersion } from "./masakari-response.ts";
import type { ServiceResponse, Session } from "./session.ts";

export interface CallOptions {
  readonly signal: AbortSignal;
  /** `1.2` or `latest`; undefined sends no header, which means 1.0. */
  readonly microversion?: string | undefined;
}

/** Query of a list: filters of masakari-api.md § 11, `limit`, `marker` (an integer id), `sort_key`, `sort_dir` (both may be repeated). */
export type ListQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

interface Call extends CallOptions {
  readonly method: HttpRequest["method"];
  /** Undefined: the version document. */
  readonly path: string | undefined;
  readonly body?: unknown;
  readonly accept?: string;
  readonly repeatable?: boolean;
}

/**
 * masakari-api, version 1. Every method throws what the session throws, HttpStatusError (or one of its kinds) for an
 * response that is an error, and ResponseError for a success that is not what the API documents.
 */
export class MasakariClient {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The version document: which microversions there are. */
  async version(options: CallOptions): Promise<ApiVersion> {
    return await this.#call({ ...options, method: "GET", path: undefined }, (response) =>
      isMasakariVersion(response) ? apiVersion(response) : { problem: "not the version document of Masakari's API 1" },
    );
  }

  async createSegment(segment: SegmentBody, options: CallOptions): Promise<Segment> {
    return await this.#call({ ...options, method: "POST", path: "/segments", body: { segment } }, oneSegment);
  }

  async listSegments(query: ListQuery, options: CallOptions): Promise<Segment[]> {
    return await this.#call({ ...options, method: "GET", path: `/segments${search(query)}` }, segments);
  }

  async updateSegment(uuid: string, segment: Partial<SegmentBody>, options: CallOptions): Promise<Segment> {
    return await this.#call({ ...options, method: "PUT", path: segmentPath(uuid), body: { segment } }, oneSegment);
  }

  async deleteSegment(uuid: string, options: CallOptions): Promise<void> {
    await this.#call({ ...options, method: "DELETE", path: segmentPath(uuid) }, nothing);
  }

  async createHost(segmentUuid: string, host: HostBody, options: CallOptions): Promise<Host> {
    return await this.#call({ ...options, method: "POST", path: hostPath(segmentUuid), body: { host } }, oneHost);
  }

  async listHosts(segmentUuid: string, query: ListQuery, options: CallOptions): Promise<Host[]> {
    const path = `${hostPath(segmentUuid)}${search(query)}`;
    return await this.#call({ ...options, method: "GET", path }, hosts);
  }

  async getHost(segmentUuid: string, uuid: string, options: CallOptions): Promise<Host> {
    return await this.#call({ ...options, method: "GET", path: hostPath(segmentUuid, uuid) }, oneHost);
  }

  async updateHost(segmentUuid: string, uuid: string, host: Partial<HostBody>, options: CallOptions): Promise<Host> {
    const path = hostPath(segmentUuid, uuid);
    return await this.#call({ ...options, method: "PUT", path, body: { host } }, oneHost);
  }

  async deleteHost(segmentUuid: string, uuid: string, options: CallOptions): Promise<void> {
    await this.#call({ ...options, method: "DELETE", path: hostPath(segmentUuid, uuid) }, nothing);
  }

  /**
   * Sends what the Python monitors send, header by header.
   * @throws DuplicateNotificationError, HostOnMaintenanceError, HostNotFoundError, BadRequestError among the others
   */
  async createNotification(notification: NotificationBody, options: CallOptions): Promise<AcceptedNotification> {
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
    return await this.#call(call, accepted);
  }

  async listNotifications(query: ListQuery, options: CallOptions): Promise<StoredNotification[]> {
    const path = `/notifications${search(query)}`;
    return await this.#call({ ...options, method: "GET", path }, notifications);
  }

  async getNotification(uuid: string, options: CallOptions): Promise<StoredNotification> {
    const path = `/notifications/${encodeURIComponent(uuid)}`;
    return await this.#call({ ...options, method: "GET", path }, oneNotification);
  }

  /** What became of the guests of a host that failed; from masakari-api 15 on. */
  async listVmoves(notificationUuid: string, query: ListQuery, options: CallOptions): Promise<Vmove[]> {
    const path = `${vmovePath(notificationUuid)}${search(query)}`;
    return await this.#call({ ...options, method: "GET", path }, vmoves);
  }

  async getVmove(notificationUuid: string, uuid: string, options: CallOptions): Promise<Vmove> {
    const path = `${vmovePath(notificationUuid)}/${encodeURIComponent(uuid)}`;
    return await this.#call({ ...options, method: "GET", path }, oneVmove);
  }

  async #call<T>(call: Call, read: Read<T>): Promise<T> {
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
    const what = `${method} ${shorten(response.url, 300)}`;
    const succeeded = response.status >= 200 && response.status < 300;
    const checked = succeeded ? read(response) : undefined;
    const isMasakaris = checked === undefined ? faultOf(response) !== undefined : "value" in checked;
    if (isMasakaris) this.#session.trustCatalog();
    else this.#session.doubtCatalog();
    if (checked !== undefined) {
      if ("value" in checked) return checked.value;
      throw new ResponseError(
        `${what} returned ${response.status}, but not a body as masakari-api sends it (${checked.problem}): check its endpoint in Keystone's catalog${noteOn(response)}`,
      );
    }
    throw masakariError(response, {
      what,
      who: this.#session.who,
      note: noteOn(response),
      redact: (text) => this.#session.redact(text),
    });
  }
}

const noteOn = ({ note }: ServiceResponse): string => (note === undefined ? "" : ` (${note})`);

function segmentPath(uuid: string): string {
  return `/segments/${encodeURIComponent(uuid)}`;
}

function hostPath(segmentUuid: string, uuid?: string): string {
  return `${segmentPath(segmentUuid)}/hosts${uuid === undefined ? "" : `/${encodeURIComponent(uuid)}`}`;
}

function vmovePath(notificationUuid: string): string {
  return `/notifications/${encodeURIComponent(notificationUuid)}/vmoves`;
}

function search(query: ListQuery): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(key, String(one));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Takes the result from a success, or states what is wrong with it: then it is none of masakari-api's. */
type Read<T> = (response: HttpResponse) => Checked<T>;

/** The envelope's one member. A 2xx without it comes from something that is not masakari-api, e.g. a login page. */
function member<Schema extends GenericSchema>(key: string, schema: Schema): Read<InferOutput<Schema>> {
  const envelope = object({ [key]: schema });
  return ({ body }) => {
    const checked = checkJson(envelope, body.toString("utf8"));
    return "problem" in checked ? checked : { value: checked.value[key] as InferOutput<Schema> };
  };
}

const oneSegment = member("segment", segmentSchema);
const oneHost = member("host", hostSchema);
const oneNotification = member("notification", notificationSchema);
const accepted: Read<AcceptedNotification> = member("notification", acceptedSchema);
const segments = member("segments", array(segmentSchema));
const hosts = member("hosts", array(hostSchema));
const notifications = member("notifications", array(notificationSchema));
const vmoves = member("vmoves", array(vmoveSchema));
const oneVmove = member("vmove", vmoveSchema);
const apiVersion = member("version", versionSchema);
/** 204 without a body. */
const nothing: Read<null> = () => ({ value: null });
