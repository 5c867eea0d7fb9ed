import { errorDetail } from "./error-body.ts";
import {
  DuplicateNotificationError,
  HostNotFoundError,
  HostOnMaintenanceError,
  HttpStatusError,
  type OpenStackError,
} from "./errors.ts";
import type { HttpResponse } from "./http.ts";

/** What was asked, for the message. */
export interface Asked {
  /** `POST http://…/v1/notifications` */
  readonly what: string;
  readonly who: string;
  redact(text: string): string;
}

/**
 * An answer of masakari-api that is no success, as an error. Only its texts tell the two 409s of a notification apart, and the
 * 400 of an unknown host from that of a bad body; they are the same in every release so far.
 */
export function masakariError(response: HttpResponse, asked: Asked): OpenStackError {
  const { status } = response;
  const detail = errorDetail(response.body, (text) => asked.redact(text));
  const message = `${asked.what} was answered ${status}: ${detail || "no reason given"}${hint(status, asked)}`;
  if (status === 409 && /^Notification received from host .* is duplicate\.?$/.test(detail)) {
    return new DuplicateNotificationError(message, status, detail);
  }
  if (status === 409 && /^Notification received from host .* under maintenance\.?$/.test(detail)) {
    return new HostOnMaintenanceError(message, status, detail);
  }
  if (status === 400 && /^Host with name .* could not be found\.?$/.test(detail)) {
    return new HostNotFoundError(message, status, detail);
  }
  return new HttpStatusError(message, status, detail);
}

function hint(status: number, asked: Asked): string {
  if (status === 401)
    return ` (with a token just made for ${asked.who}: do the API and this host use the same Keystone?)`;
  if (status === 403) return ` (${asked.who} needs the role admin)`;
  if (status === 300) return " (the endpoint is not that of version 1: its URL in the catalog should end with /v1)";
  return "";
}
