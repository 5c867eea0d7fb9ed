/**
 * The libvirt client: its only entry for everything outside this folder (`.dependency-cruiser.cjs` checks that).
 * What it can do and how it behaves: docs/libvirt.md.
 */
export type { CallOptions } from "./calls.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export type { Connection, DomainJob, DomainState, DomainStats } from "./connection.ts";
export {
  AuthError,
  CallTimeoutError,
  ConnectError,
  ConnectionLostError,
  isNoDomain,
  LibvirtError,
  oneLine,
  ProtocolError,
  QueueFullError,
  ServerError,
  type ServerErrorName,
  UriError,
} from "./errors.ts";
export type { EventOf, Registration } from "./event-listeners.ts";
export type { DomainFilter, StatsFilter } from "./filters.ts";
export type { KeepaliveOptions } from "./keepalive.ts";
export type { DomainEvent, EventKind } from "./protocol/events.ts";
export type { Domain } from "./protocol/shapes.ts";
export { type MaintainOptions, maintainConnection } from "./reconnect.ts";
export { parseUri, type Target } from "./uri.ts";
