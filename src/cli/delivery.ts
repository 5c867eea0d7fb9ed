import type { Config } from "../config/sections.ts";
import { ApiCheck, type ApiTrouble } from "../notify/api-check.ts";
import { deliverNothing } from "../notify/delivery.ts";
import { Dispatcher, type DispatcherStatus } from "../notify/dispatcher.ts";
import { deliverToMasakari } from "../notify/masakari-delivery.ts";
import type { Outbox } from "../notify/outbox.ts";
import type { ApiRequests } from "../openstack/api-requests.ts";
import { createSession } from "../openstack/create-session.ts";
import { MasakariClient } from "../openstack/masakari.ts";
import type { LoginTrouble, Session } from "../openstack/session.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";

/** `api_retry_max` and `api_retry_interval` (s) stand in each monitor's own section. */
export interface RetryOptions {
  readonly api_retry_max: number;
  readonly api_retry_interval: number;
}

export interface DeliveryParts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly userAgent: string;
  /** Where the requests are counted. */
  readonly requests?: ApiRequests | undefined;
}

/** A session, what sends through it and what checks it beforehand, as one configuration describes them. */
export interface DeliveryPath {
  readonly session: Session;
  readonly client: MasakariClient;
  readonly dispatcher: Dispatcher;
  readonly check: ApiCheck;
}

/**
 * A notification may take Keystone's versions, a login, up to four requests to find the API, the request, and after a 401 a login,
 * the API again and the request again.
 */
const EXCHANGES_PER_ATTEMPT = 13;
/** While the check of what Masakari knows is switched off. */
const CHECK_API_EVERY_MS = 600_000;

/** @throws AuthOptionsError if `[api]` does not make a login */
export async function deliveryPath(config: Config, retry: RetryOptions, parts: DeliveryParts): Promise<DeliveryPath> {
  const { outbox, clock, log, requests, userAgent } = parts;
  const session = await createSession(config.api, {
    userAgent,
    clock,
    requests,
    log: log.named("masakarimonitors.openstack"),
  });
  const client = new MasakariClient(session);
  const { shadow } = config.notifications;
  const notifyLog = log.named("masakarimonitors.notify");
  const check = new ApiCheck({
    check: async (signal) => void (await client.version({ signal })),
    isLoginTrouble: () => session.trouble !== undefined,
    isOutage: () => dispatcher.status.failingSince !== undefined || session.trouble !== undefined,
    onReached: () => dispatcher.reached(),
    everyMs: config.DEFAULT.masakari_check_interval * 1000 || CHECK_API_EVERY_MS,
    clock,
    log: notifyLog,
  });
  const dispatcher: Dispatcher = new Dispatcher({
    outbox,
    clock,
    log: notifyLog,
    deliver: shadow ? deliverNothing : deliverToMasakari(client),
    ...(!shadow && { onAttempt: (responded: boolean) => (responded ? check.responded() : check.failed()) }),
    retryPolicy: {
      retryMax: retry.api_retry_max,
      retryIntervalMs: retry.api_retry_interval * 1000,
      backoffMaxMs: config.notifications.retry_backoff_max * 1000,
    },
    maxInFlight: config.notifications.max_in_flight,
    attemptTimeoutMs: (config.api.timeout || 30) * EXCHANGES_PER_ATTEMPT * 1000 + 1000,
  });
  return { session, client, dispatcher, check };
}

/** Delivery that can be given another path while it runs: what was undelivered goes on over the new one. */
export class Delivery {
  #path: DeliveryPath;
  #leave = new AbortController();

  constructor(path: DeliveryPath) {
    this.#path = path;
  }

  get status(): DispatcherStatus {
    return this.#path.dispatcher.status;
  }

  get client(): MasakariClient {
    return this.#path.client;
  }

  /** How far this host's clock is ahead of the API's, ms; undefined if not known. */
  get clockOffsetMs(): number | undefined {
    return this.#path.session.clockOffsetMs;
  }

  /** Why there is no login, if none can be had. */
  get loginTrouble(): LoginTrouble | undefined {
    return this.#path.session.trouble;
  }

  /** Why a notification could not be delivered, although there is a login. */
  get apiTrouble(): ApiTrouble | undefined {
    return this.#path.check.trouble;
  }

  /** Ends the path in use, once its attempts under way have come to an end, and goes on with this one. */
  replace(path: DeliveryPath): void {
    this.#path = path;
    this.#leave.abort();
  }

  /** Delivers until the signal aborts; resolves when the attempts under way have ended, or 2 s later. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { session, dispatcher, check } = this.#path;
      this.#leave = new AbortController();
      const until = AbortSignal.any([signal, this.#leave.signal]);
      await Promise.all([dispatcher.run(until), session.keepFresh(until), check.run(until)]);
      session.close();
    }
  }
}
