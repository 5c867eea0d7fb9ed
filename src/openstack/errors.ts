import { shorten } from "../http/shorten.ts";

/** Characters. Longer than any message of ours with what a server sent in it; a name of megabytes reaches no log. */
const longestMessage = 2000;

/**
 * What Keystone or the Masakari API refuses; what goes wrong on the way to them is an HttpError (`http/errors.ts`). Every message is one line with what to do next, and none holds a
 * password, a token or an application credential's secret.
 */
export class OpenStackError extends Error {
  /** Stable: for code and for tests; the message is for people and may change. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(shorten(message, longestMessage), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The options in `[api]` or the environment are incomplete or contradictory. */
export class AuthOptionsError extends OpenStackError {
  constructor(message: string) {
    super("OPENSTACK_AUTH_OPTIONS", message);
  }
}

/** Keystone refused the login itself (401), or the kind of login. */
export class AuthenticationError extends OpenStackError {
  constructor(message: string) {
    super("OPENSTACK_AUTHENTICATION", message);
  }
}

/** The token's catalog has no endpoint of the service type, interface and region that are configured. */
export class CatalogError extends OpenStackError {
  constructor(message: string) {
    super("OPENSTACK_CATALOG", message);
  }
}

/** An HTTP response that is an error. `detail` is the server's own text, bounded and on one line. */
export class HttpStatusError extends OpenStackError {
  readonly status: number;
  readonly detail: string;

  constructor(message: string, status: number, detail: string, code = "OPENSTACK_HTTP_STATUS") {
    super(code, message);
    this.status = status;
    this.detail = detail;
  }
}

/** 409 to a notification: the API has an equal one (same type, host and payload, inside 180 s). It did arrive. */
export class DuplicateNotificationError extends HttpStatusError {
  constructor(message: string, status: number, detail: string) {
    super(message, status, detail, "MASAKARI_DUPLICATE_NOTIFICATION");
  }
}

/** 409 to a notification: the host is on maintenance, and only an operator ends that. */
export class HostOnMaintenanceError extends HttpStatusError {
  constructor(message: string, status: number, detail: string) {
    super(message, status, detail, "MASAKARI_HOST_ON_MAINTENANCE");
  }
}

/** 400 to a notification: no segment has a host of that name. */
export class HostNotFoundError extends HttpStatusError {
  constructor(message: string, status: number, detail: string) {
    super(message, status, detail, "MASAKARI_HOST_NOT_FOUND");
  }
}

/** 400 to a request, made by masakari-api itself and about the request's content: the same will be refused again. */
export class BadRequestError extends HttpStatusError {
  constructor(message: string, status: number, detail: string) {
    super(message, status, detail, "MASAKARI_BAD_REQUEST");
  }
}
