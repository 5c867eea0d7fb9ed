import type { FastifyInstance } from "fastify";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { ControlPlaneError } from "./errors.ts";
import { requireLoopback } from "./http/loopback.ts";
import { guarded } from "./http/observe.ts";
import { closeHttpServer, renewTls, type Tls } from "./http/server.ts";
import { keystoneApp } from "./keystone/app.ts";
import { IdentityStore } from "./keystone/identity-store.ts";
import { type SeedUser, seedIdentity } from "./keystone/seed.ts";
import { LoginThrottle } from "./keystone/throttle.ts";
import { TokenStore } from "./keystone/token-store.ts";
import { TrustStore } from "./keystone/trust-store.ts";
import { masakariApp } from "./masakari/app.ts";
import { type ComputeServiceExists, everyComputeServiceExists } from "./masakari/compute-services.ts";
import { HostStore } from "./masakari/hosts/store.ts";
import { randomDelay } from "./masakari/notification-delay.ts";
import { NotificationStore } from "./masakari/notifications/store.ts";
import { type Recovery, recordRecovery } from "./masakari/recovery.ts";
import { type ReleaseName, releases } from "./masakari/release.ts";
import { SegmentStore } from "./masakari/segments/store.ts";
import { VmoveStore } from "./masakari/vmoves/store.ts";
import type { CompletedRequest, NotificationArrival } from "./observation.ts";
import { openDatabase } from "./store/database.ts";
import { openLogSync } from "./store/log-sync.ts";

export interface ControlPlaneOptions {
  /** SQLite file (made if missing; state persists there) or `:memory:`. */
  readonly database: string;
  /** Users to make or bring up to date. */
  readonly users: readonly SeedUser[];
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Lets `host` be an address that other machines reach, without TLS: passwords and tokens can be read on the way. */
  readonly allowRemote?: boolean;
  /** Certificate and key of both services; default plain HTTP. */
  readonly tls?: Tls | undefined;
  /** Where clients reach the services, if that is not where they listen: `https://ha.example.org/identity/v3`. */
  readonly publicUrls?: { readonly identity?: string | undefined; readonly "instance-ha"?: string | undefined };
  /** Addresses of reverse proxies, whose X-Forwarded-… headers are believed. */
  readonly trustedProxies?: readonly string[];
  /** 0, the default, takes any free port. */
  readonly keystonePort?: number;
  readonly masakariPort?: number;
  /** Seconds that a token is good for; default 3600, Keystone's own. */
  readonly tokenLifetime?: number;
  /** Which masakari-api it is, by its highest microversion; default 1.3, upstream's master. 1.2 is Debian 12's. */
  readonly release?: ReleaseName;
  /** `duplicate_notification_detection_interval`, seconds; default 180. */
  readonly duplicateInterval?: number;
  /** `notification_delay_max`, seconds; default 0, which waits for nothing. */
  readonly notificationDelayMax?: number;
  /** Origins of web pages that may read the Masakari API's responses, or `*`; default none. */
  readonly corsOrigins?: readonly string[];
  /** Stands in for Nova; by default every compute host exists. */
  readonly computeServiceExists?: ComputeServiceExists;
  /** Called after a notification is committed and before the response to it is sent. */
  readonly onNotification?: (arrival: NotificationArrival) => void;
  /** Called after each response of either service. */
  readonly onRequest?: (request: CompletedRequest) => void;
  readonly log: Logger;
  /** Wall clock, ms since the Unix epoch; default Date.now. */
  readonly now?: () => number;
  /** Closes the control plane when it aborts. */
  readonly signal?: AbortSignal;
}

/** A running control plane. */
export interface ControlPlane {
  /** `http://127.0.0.1:PORT/v3` */
  readonly keystoneUrl: string;
  /** `http://127.0.0.1:PORT/v1`, as in the catalog. */
  readonly masakariUrl: string;
  /** Writes what an engine would have left of a recovery. @throws Error if there is no such notification */
  recordRecovery(notificationUuid: string, recovery: Recovery): void;
  /** Uses another certificate from the next connection on. @throws Error if certificate and key do not fit */
  renewTls(tls: Tls): void;
  /** Takes over users that are new or have changed. */
  reload(changes: { readonly users: readonly SeedUser[] }): Promise<void>;
  /** Stops listening, lets requests that run end (up to 5 s) and closes the database. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts an embedded Keystone and masakari-api, both listening when this returns. There is no engine: notifications
 * stay `new`. Started again with the same database and ports it goes on where it stopped; tokens stay good.
 * @throws ControlPlaneError if it may not or cannot listen, or cannot open its database
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { host = "127.0.0.1", now = Date.now, log } = options;
  options.signal?.throwIfAborted();
  requireLoopback(host, options.allowRemote === true || options.tls !== undefined);
  const http = { tls: options.tls, trustedProxies: options.trustedProxies };
  const database = openDatabase(options.database);
  const logSync = openLogSync(options.database, database.shared);
  const tokens = new TokenStore(database, now);
  const urls = { identity: "", "instance-ha": "" };
  const onRequest = guarded(options.onRequest, log);
  const keystone = keystoneApp({
    ...{ http, database, logSync },
    identities: new IdentityStore(database),
    tokens,
    trusts: new TrustStore(database, now),
    throttle: new LoginThrottle(now),
    storePasswordHash: (userId, hash) => {
      database.prepare("UPDATE user SET password_hash = ? WHERE id = ?").run(hash, userId);
    },
    tokenLifetime: options.tokenLifetime ?? 3600,
    urls: () => urls,
    onRequest,
    now,
    log,
  });
  const stores = {
    database,
    segments: new SegmentStore(database, now),
    hosts: new HostStore(database, now),
    notifications: new NotificationStore(database, now, options.duplicateInterval ?? 180),
    vmoves: new VmoveStore(database),
    release: releases[options.release ?? "1.3"],
    computeServiceExists: options.computeServiceExists ?? everyComputeServiceExists,
  };
  const ending = new AbortController();
  const masakari = masakariApp({
    ...{ stores, tokens, logSync, http },
    publicBase: options.publicUrls?.["instance-ha"]?.replace(/\/v1\/?$/, ""),
    corsOrigins: options.corsOrigins ?? [],
    notificationDelay: randomDelay(options.notificationDelayMax ?? 0),
    signal: ending.signal,
    identityUrl: () => urls.identity,
    onNotification: guarded(options.onNotification, log),
    onRequest,
    log,
  });

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      options.signal?.removeEventListener("abort", onAbort);
      ending.abort();
      await Promise.all([closeHttpServer(keystone), closeHttpServer(masakari)]);
      database.close();
      logSync.close();
    })();
    return closing;
  };
  const onAbort = () => {
    close().catch((error: unknown) => log.error(`the control plane did not close cleanly: ${String(error)}`));
  };

  try {
    await seedIdentity(database, tokens, options.users);
    const keystoneAddress = await listen(keystone, host, options.keystonePort ?? 0);
    const masakariAddress = await listen(masakari, host, options.masakariPort ?? 0);
    urls.identity = options.publicUrls?.identity ?? `${keystoneAddress}/v3`;
    urls["instance-ha"] = options.publicUrls?.["instance-ha"] ?? `${masakariAddress}/v1`;
    options.signal?.throwIfAborted();
  } catch (error) {
    await close();
    throw error;
  }
  options.signal?.addEventListener("abort", onAbort, { once: true });
  return {
    keystoneUrl: urls.identity,
    masakariUrl: urls["instance-ha"],
    renewTls: (tls) => {
      for (const app of [keystone, masakari]) renewTls(app, tls);
    },
    reload: ({ users }) => seedIdentity(database, tokens, users),
    recordRecovery: (uuid, recovery) => recordRecovery(stores, now(), uuid, recovery),
    close,
  };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new ControlPlaneError(
      "cannot-listen",
      `cannot listen on ${host}:${port}: ${messageOf(cause)}; ${remedyFor((cause as NodeJS.ErrnoException).code)}`,
      { cause },
    );
  }
}

function remedyFor(code: string | undefined): string {
  if (code === "EADDRINUSE") return "stop what listens there, or choose another port";
  if (code === "EACCES") return "choose a port from 1024 on, which needs no privilege";
  return "choose an address that this machine has (ip address)";
}
