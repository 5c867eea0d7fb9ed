import { ConnectionError } from "../http/errors.ts";
import type { HttpRequest, HttpResponse, Transport } from "../http/transport.ts";
import type { Clock, Instant } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import type { Authorization, AuthPlugin } from "./auth/plugin.ts";
import { CatalogDoubt } from "./catalog-doubt.ts";
import type { Endpoint } from "./endpoint-discovery.ts";
import { AuthenticationError } from "./errors.ts";
import { redact } from "./redact.ts";
import { ServiceLocator, type ServiceWanted } from "./service-locator.ts";

/** A request to the service: the session adds the endpoint and the token. */
export interface ServiceRequest extends Omit<HttpRequest, "url" | "peer"> {
  /** Beneath the endpoint: `/notifications`. Undefined: the version document. */
  readonly path: string | undefined;
}

export interface ServiceResponse extends HttpResponse {
  /** What was asked for, for messages. */
  readonly url: string;
  /** What is only assumed about the endpoint, for messages. */
  readonly note: string | undefined;
}

export interface SessionOptions {
  readonly plugin: AuthPlugin;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  readonly service: ServiceWanted;
}

/** keystoneauth renews a token this long before it ends. ms. */
const renewBefore = 30_000;
/** A refused login is not tried again for so long: users get locked out for less. ms. */
const refusalHolds = 5_000;
const firstBackOff = 5_000;
const longestBackOff = 60_000;

interface Held extends Authorization {
  /** `Clock` monotonic ms. */
  readonly since: number;
}

/** Why there is no login just now. */
export interface LoginTrouble {
  readonly since: Instant;
  /** Without secrets. */
  readonly reason: string;
}

/** One login shared by every request to one service. */
export class Session {
  readonly #options: SessionOptions;
  readonly #closing = new AbortController();
  readonly #locator: ServiceLocator;
  readonly #doubt = new CatalogDoubt();
  /** When Keystone was last asked to log in, monotonic ms. */
  #lastLogin = Number.NEGATIVE_INFINITY;
  #held: Held | undefined;
  #renewal: Promise<Held> | undefined;
  #trouble: LoginTrouble | undefined;
  #refusedAtOnce: Held | undefined;
  #refusal: { readonly error: AuthenticationError; readonly until: number } | undefined;
  #clockOffsetMs: number | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#locator = new ServiceLocator(options.service, options.plugin.who);
  }

  /** Who is logged in, for messages; no secret. */
  get who(): string {
    return this.#options.plugin.who;
  }

  /** Why the last login failed, and since when none has succeeded; undefined if it has, or none was tried. */
  get trouble(): LoginTrouble | undefined {
    return this.#trouble;
  }

  /** How far this host's clock was ahead of the service's at its latest response, ms (exact to 1 s); undefined if not known. */
  get clockOffsetMs(): number | undefined {
    return this.#clockOffsetMs;
  }

  /**
   * Sends the request with a valid token. A 401 leads to one new login, however many requests meet it, and to the same
   * request once more; every other status is a result. Only the caller knows whether it is the service's own:
   * `trustCatalog` or `doubtCatalog` is to follow.
   */
  async request(request: ServiceRequest, signal: AbortSignal): Promise<ServiceResponse> {
    let held = await this.#authorization(signal);
    let response = await this.#send(request, held, signal);
    if (response.status === 401 && this.#options.plugin.renewable && this.#mayRenew(held)) {
      // Whoever is second finds the token already gone, or a new one already there.
      if (this.#held === held) this.#held = undefined;
      held = await this.#authorization(signal);
      response = await this.#send(request, held, signal);
      if (response.status === 401) this.#refusedAtOnce = held;
    }
    return response;
  }

  /** Logs in, unless there is a login that is still good. */
  async login(signal: AbortSignal): Promise<void> {
    await this.#authorization(signal);
  }

  /** The service's URL without a slash at the end; logs in if need be. @throws CatalogError */
  async endpoint(signal: AbortSignal): Promise<string> {
    const held = await this.#authorization(signal);
    return (await this.#endpoint(held, signal)).url;
  }

  /**
   * A request failed in a way that another catalog could explain: something else than the service responded. Later requests
   * log in again, ever more rarely, so that a corrected catalog is read long before the held token ends.
   */
  doubtCatalog(): void {
    this.#doubt.raise(this.#options.clock.now().mono);
  }

  /** The service itself responded. A login that failed before is tried again all the same: only that ends its trouble. */
  trustCatalog(): void {
    if (this.#trouble === undefined) this.#doubt.clear();
  }

  /**
   * Logs in now and renews well before the end until the signal aborts, so that a notification need not wait for
   * Keystone (a password login takes it 200 ms and more). Never throws: failures are logged and tried again.
   */
  async keepFresh(signal: AbortSignal): Promise<void> {
    const { clock, log, plugin } = this.#options;
    let backOff = firstBackOff;
    while (!signal.aborted) {
      let wait = longestBackOff;
      try {
        const held = this.#remaining(this.#held) > early(this.#held) ? this.#held : await this.#renew(signal);
        if (held?.lifetimeMs === undefined && !plugin.renewable) return;
        wait = Math.max(1000, Math.min(this.#remaining(held) - early(held), 3_600_000));
        if (backOff !== firstBackOff) log.info(`Logged in to Keystone again: ${plugin.who}`);
        backOff = firstBackOff;
      } catch (error) {
        if (signal.aborted) return;
        // Once per outage: the line would otherwise repeat for as long as Keystone is down.
        if (backOff === firstBackOff)
          log.warning(`Cannot log in to Keystone: ${this.redact(messageOf(error))}; retrying`);
        wait = backOff;
        backOff = Math.min(backOff * 2, longestBackOff);
      }
      await clock.sleep(wait, signal).catch(() => undefined);
    }
  }

  /** The text without the password or token that a server may have quoted in it. */
  redact(text: string): string {
    return redact(text, [...this.#options.plugin.secrets, ...(this.#held?.secrets ?? [])]);
  }

  /** Ends what is under way and closes the connections. */
  close(): void {
    this.#closing.abort(new ConnectionError("the session was closed"));
    this.#options.transport.close();
  }

  async #send(request: ServiceRequest, held: Held, signal: AbortSignal): Promise<ServiceResponse> {
    const { path, ...rest } = request;
    try {
      const endpoint = await this.#endpoint(held, signal);
      const url = path === undefined ? endpoint.versionUrl : `${endpoint.url}${path}`;
      const headers = { ...request.headers, ...held.headers };
      const response = await this.#options.transport.send({ ...rest, url, peer: "the Masakari API", headers }, signal);
      this.#compareClocks(response);
      return { ...response, url, note: endpoint.note };
    } catch (error) {
      if (!signal.aborted) this.doubtCatalog();
      throw error;
    }
  }

  /** `Date` is the time of the response (RFC 9110); with `Age`, a cache sent an older one. */
  #compareClocks({ headers: { date, age } }: HttpResponse): void {
    const theirs = typeof date === "string" && age === undefined ? Date.parse(date) : Number.NaN;
    if (!Number.isNaN(theirs)) this.#clockOffsetMs = this.#options.clock.now().wall - theirs;
  }

  async #endpoint(held: Held, signal: AbortSignal): Promise<Endpoint> {
    const get = (url: string, withToken: boolean): Promise<HttpResponse> => {
      const headers = { Accept: "application/json", ...(withToken && held.headers) };
      // Shared by several requests: none of them may end it.
      return this.#options.transport.send(
        { method: "GET", url, peer: "the Masakari API", headers },
        this.#closing.signal,
      );
    };
    return await raceAbort(this.#locator.find(held.services, get), signal);
  }

  async #authorization(signal: AbortSignal): Promise<Held> {
    const held = this.#held;
    const margin = Math.min(renewBefore, (held?.lifetimeMs ?? 0) / 2);
    if (held !== undefined && this.#remaining(held) > margin && !this.#rereadsCatalog()) return held;
    try {
      return await this.#renew(signal);
    } catch (error) {
      // Keystone may be down just when a host dies: a token that still has seconds to live is good enough.
      if (held !== undefined && !signal.aborted && this.#remaining(held) > 0 && this.#held === held) return held;
      throw error;
    }
  }

  #rereadsCatalog(): boolean {
    if (!this.#doubt.isDue(this.#options.clock.now().mono, this.#lastLogin)) return false;
    if (this.#options.plugin.renewable) return true;
    this.#locator.forget();
    return false;
  }

  /** A token that was refused at once although it was new is refused again: that is no reason for a login with each request. */
  #mayRenew(held: Held): boolean {
    const { mono } = this.#options.clock.now();
    return this.#refusedAtOnce !== held || this.#doubt.isDue(mono, this.#lastLogin);
  }

  /** Every caller waits for the same login; a caller that gives up does not end it for the others. */
  async #renew(signal: AbortSignal): Promise<Held> {
    signal.throwIfAborted();
    if (this.#renewal === undefined) {
      const renewal = this.#login().finally(() => {
        this.#renewal = undefined;
      });
      // Its failure reaches the callers; with none left waiting it is nobody's.
      renewal.catch(() => undefined);
      this.#renewal = renewal;
    }
    return await raceAbort(this.#renewal, signal);
  }

  async #login(): Promise<Held> {
    const { plugin, transport, clock } = this.#options;
    if (this.#refusal !== undefined && clock.now().mono < this.#refusal.until) throw this.#refusal.error;
    try {
      const since = clock.now().mono;
      this.#lastLogin = since;
      const held = { ...(await plugin.authorize(transport, this.#closing.signal)), since };
      this.#refusal = undefined;
      this.#held = held;
      this.#trouble = undefined;
      return held;
    } catch (error) {
      this.#trouble = { since: this.#trouble?.since ?? clock.now(), reason: this.redact(messageOf(error)) };
      this.doubtCatalog();
      if (error instanceof AuthenticationError) this.#refusal = { error, until: clock.now().mono + refusalHolds };
      throw error;
    }
  }

  /** ms that the token is still valid. */
  #remaining(held: Held | undefined): number {
    if (held === undefined) return 0;
    if (held.lifetimeMs === undefined) return Number.POSITIVE_INFINITY;
    return held.since + held.lifetimeMs - this.#options.clock.now().mono;
  }
}

/** How long before its end the background renews: time for Keystone to be down a while, but no more than a fifth of the token's lifetime. */
function early(held: Held | undefined): number {
  return Math.min(600_000, (held?.lifetimeMs ?? 0) / 5);
}

async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
