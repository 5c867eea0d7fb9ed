/** The configuration does not yield a server and credentials; the message gives the reason and what to do. */
export class AccessError extends Error {
  readonly code = "KUBERNETES_ACCESS";
}

/** A response of the API server that is not what was asked for. */
export class ApiError extends Error {
  readonly code = "KUBERNETES_API";
  /** HTTP status; 0 for a response that is not understood. */
  readonly status: number;
  /** ms after which the server wants to be asked again; undefined if it does not state it. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}
