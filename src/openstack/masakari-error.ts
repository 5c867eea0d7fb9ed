import type { HttpResponse } from "../http/transport.ts";
import { errorDetail } from "./error-body.ts";
import {
  BadRequestError,
  DuplicateNotificationError,
  HostNotFoundError,
  HostOnMaintenanceError,
  HttpStatusError,
  type OpenStackError,
} from "./errors.ts";
import { type Fault, faultOf } from "./masakari-response.ts";

/** What was requested, for the message. */
export interface FailedRequest {
  /** `POST http://…/v1/notifications` */
  readonly what: string;
  readonly who: string;
  /** What is only assumed about the endpoint; may be empty. */
  readonly note: string;
  redact(text: string): string;
}

/**
 * A response that is no success, as an error. Only a fault that masakari-api itself made can be final for a notification; its
 * texts alone distinguish the two 409s, and the 400 of an unknown host from that of a bad body. They are the same in every
 * release so far.
 */
export function masakariError(response: HttpResponse, request: FailedRequest): OpenStackError {
  const { status } = response;
  const detail = errorDetail(response.body, (text) => request.redact(text));
  const fault = faultOf(response);
  const message = `${request.what} returned ${status}: ${detail || "no reason given"}${hint(status, request, fault)}${request.note}`;
  const kind = kindOf(status, detail, fault);
  return new kind(message, status, detail);
}

function kindOf(status: number, detail: string, fault: Fault | undefined): new (...args: Args) => HttpStatusError {
  if (fault === undefined) return HttpStatusError;
  if (status === 409 && /^Notification received from host .* is duplicate\.?$/.test(detail)) {
    return DuplicateNotificationError;
  }
  if (status === 409 && /^Notification received from host .* under maintenance\.?$/.test(detail)) {
    return HostOnMaintenanceError;
  }
  if (status === 400 && /^Host with name .* could not be found\.?$/.test(detail)) return HostNotFoundError;
  // A project in the URL that is not the token's is the catalog's fault; a body that is no JSON was spoilt on its way. And a
  // 400 of this format that is not signed may be another service's, to which the catalog led.
  if (status === 400 && fault.signed && !/^Malformed request/.test(detail)) return BadRequestError;
  return HttpStatusError;
}

type Args = [message: string, status: number, detail: string];

function hint(status: number, request: FailedRequest, fault: Fault | undefined): string {
  if (status === 401)
    return ` (with a token just made for ${request.who}: do the API and this host use the same Keystone?)`;
  if (status === 403) return ` (${request.who} needs the role admin)`;
  // Masakari's own 404 is about the object: there is no such notification.
  if (status === 300 || (status === 404 && fault === undefined))
    return " (is that Masakari's API? Check its endpoint in Keystone's catalog)";
  // Of a segment or a host: a recovery is under way, or no engine runs that would end it.
  if (status === 409 && fault !== undefined && /\bin-use to process notifications\.?$/.test(fault.message))
    return " (until masakari-engine has finished them; masakari notification-list shows which are new or running)";
  return "";
}
