import { shorten } from "./shorten.ts";

/** Characters. Longer than any message of ours with what a server sent in it; a name of megabytes reaches no log. */
const longestMessage = 2000;

/**
 * What can go wrong between this host and an HTTP server. Every message is one line that names the server and what to do
 * next. None holds a header, a request's body, a URL's path or a password.
 */
export class HttpError extends Error {
  /** Stable: for code and for tests; the message is for people and may change. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(shorten(message, longestMessage), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** No connection, or one that ended early: refused, unreachable, name not found, or closed before the response was complete. */
export class ConnectionError extends HttpError {
  constructor(message: string, options?: ErrorOptions) {
    super("HTTP_CONNECTION", message, options);
  }
}

/** The whole exchange (connecting, headers and body), or the next part of a stream, did not come in time. */
export class TimeoutError extends HttpError {
  constructor(message: string) {
    super("HTTP_TIMEOUT", message);
  }
}

/** The TLS handshake failed, or a certificate or key file cannot be used. */
export class TlsError extends HttpError {
  /** The option whose file cannot be used; undefined: it was not a file. */
  readonly option: "cafile" | "certfile" | "keyfile" | undefined;

  constructor(message: string, options?: ErrorOptions & { readonly option?: TlsError["option"] }) {
    super("HTTP_TLS", message, options);
    this.option = options?.option;
  }
}

/** A response that cannot be read: too large, badly encoded, not of the expected format, or a redirect that is not followed. */
export class ResponseError extends HttpError {
  constructor(message: string, options?: ErrorOptions) {
    super("HTTP_RESPONSE", message, options);
  }
}

/** The request cannot be sent as it is: its URL, the proxy that the environment names, or a credential is malformed. */
export class RequestError extends HttpError {
  constructor(message: string) {
    super("HTTP_REQUEST", message);
  }
}
