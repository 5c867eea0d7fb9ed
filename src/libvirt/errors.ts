/**
 * What can go wrong between this program and libvirt. Every message is one line with what to do next, and none holds
 * a password.
 */
export class LibvirtError extends Error {
  /** Stable: for code and for tests; the message is for people and may change. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The connection URI cannot be read, or asks for what this client does not do (ssh). */
export class UriError extends LibvirtError {
  constructor(message: string) {
    super("LIBVIRT_URI", message);
  }
}

/** No connection: no socket, refused, not permitted, unreachable, TLS failed. */
export class ConnectError extends LibvirtError {
  constructor(message: string, options?: ErrorOptions) {
    super("LIBVIRT_CONNECT", message, options);
  }
}

/** The server refuses the login, or did not prove that it knows the password. */
export class AuthError extends LibvirtError {
  constructor(message: string, options?: ErrorOptions) {
    super("LIBVIRT_AUTH", message, options);
  }
}

/** Bytes that are not libvirt's protocol, or values that cannot be put into it. */
export class ProtocolError extends LibvirtError {
  constructor(message: string, options?: ErrorOptions) {
    super("LIBVIRT_PROTOCOL", message, options);
  }
}

/** No reply to a call in time. It may still be carried out. */
export class CallTimeoutError extends LibvirtError {
  constructor(message: string) {
    super("LIBVIRT_TIMEOUT", message);
  }
}

/** More calls wait than the connection's bound. */
export class QueueFullError extends LibvirtError {
  constructor(message: string) {
    super("LIBVIRT_QUEUE_FULL", message);
  }
}

/** The connection ended; a call that was under way may or may not have been carried out. */
export class ConnectionLostError extends LibvirtError {
  constructor(message: string, options?: ErrorOptions) {
    super("LIBVIRT_CONNECTION_LOST", message, options);
  }
}

/** libvirt's own error: a call failed. */
export class ServerError extends LibvirtError {
  /** virErrorNumber, e.g. 42 (include/libvirt/virterror.h). */
  readonly number: number;
  /** Its name without its prefix, e.g. `NO_DOMAIN`; `UNKNOWN` for one that is not in this program's table. */
  readonly errorName: ServerErrorName;
  /** virErrorDomain: which part of libvirt it comes from. */
  readonly domain: number;
  /** libvirt's own text, bounded and on one line. */
  readonly detail: string;

  constructor(call: string, number: number, domain: number, text: string) {
    const errorName = (serverErrorNames as Readonly<Record<number, ServerErrorName>>)[number] ?? "UNKNOWN";
    const detail = oneLine(text) || "no message";
    super("LIBVIRT_SERVER", `${call}: ${detail} (libvirt ${errorName}, ${number})`);
    this.number = number;
    this.errorName = errorName;
    this.domain = domain;
    this.detail = detail;
  }
}

/** True for libvirt's error that there is no such domain (any more). */
export function isNoDomain(error: unknown): boolean {
  return error instanceof ServerError && error.errorName === "NO_DOMAIN";
}

/** A peer's text may be megabytes, and is only for reading. */
const LONGEST_TEXT = 1000;

/** A peer's text, for a message: without control characters and marks that turn its direction, and not for ever. */
export function oneLine(text: string): string {
  return text
    .slice(0, 2 * LONGEST_TEXT)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_TEXT);
}

/** Those that a monitor may meet (virterror.h). */
const serverErrorNames = {
  1: "INTERNAL_ERROR",
  2: "NO_MEMORY",
  3: "NO_SUPPORT",
  5: "NO_CONNECT",
  6: "INVALID_CONN",
  7: "INVALID_DOMAIN",
  8: "INVALID_ARG",
  9: "OPERATION_FAILED",
  27: "XML_ERROR",
  28: "DOM_EXIST",
  29: "OPERATION_DENIED",
  35: "XML_DETAIL",
  38: "SYSTEM_ERROR",
  39: "RPC",
  42: "NO_DOMAIN",
  45: "AUTH_FAILED",
  55: "OPERATION_INVALID",
  67: "CONFIG_UNSUPPORTED",
  68: "OPERATION_TIMEOUT",
  74: "ARGUMENT_UNSUPPORTED",
  78: "OPERATION_ABORTED",
  79: "AUTH_CANCELLED",
  84: "OPERATION_UNSUPPORTED",
  86: "AGENT_UNRESPONSIVE",
  87: "RESOURCE_BUSY",
  88: "ACCESS_DENIED",
  94: "AUTH_UNAVAILABLE",
  97: "AGENT_UNSYNCED",
  112: "AGENT_COMMAND_TIMEOUT",
  113: "AGENT_COMMAND_FAILED",
} as const;

export type ServerErrorName = (typeof serverErrorNames)[keyof typeof serverErrorNames] | "UNKNOWN";
