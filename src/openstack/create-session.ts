import type { Environment } from "../http/proxy.ts";
import type { TlsOptions } from "../http/tls.ts";
import { createTransport, type Transport } from "../http/transport.ts";
import type { Clock } from "../system/clock.ts";
import type { Logger } from "../system/log.ts";
import type { ApiRequests } from "./api-requests.ts";
import type { AuthOptions } from "./auth/options.ts";
import { createAuthPlugin } from "./auth/plugins.ts";
import { isMasakariVersion } from "./masakari-response.ts";
import type { ServiceWanted } from "./service-locator.ts";
import { Session } from "./session.ts";

/** What is needed of `[api]`, under oslo's names; `config/` has already put the options of `auth_section` in their place. */
export interface ApiOptions extends AuthOptions, TlsOptions {
  readonly region?: string | undefined;
  /** Default public, as upstream; also in keystoneauth's old form (`publicURL`). */
  readonly api_interface?: string | undefined;
  /** Of the catalog. Default instance-ha. */
  readonly service_type?: string | undefined;
  /** Seconds for one exchange. Default 30: without one an API that never answers would hold a monitor up for ever. */
  readonly timeout?: number | undefined;
  /** Use the environment's proxy also for this host itself. */
  readonly proxy_loopback?: boolean | undefined;
}

export interface SessionContext {
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** For proxies and CA bundles. Default: this process's. */
  readonly environment?: Environment | undefined;
  /** Used in place of the catalog's. */
  readonly endpoint?: string | undefined;
  /** Where its requests are counted. */
  readonly requests?: ApiRequests | undefined;
  /** What every request goes through. */
  readonly around?: ((transport: Transport) => Transport) | undefined;
  /** Another service than Masakari, by its type in the catalog. */
  readonly service?: Pick<ServiceWanted, "name" | "serviceType" | "major" | "isService"> | undefined;
}

const optionNames = {
  timeout: "[api] timeout",
  cafile: "[api] cafile",
  certfile: "[api] certfile",
  keyfile: "[api] keyfile",
};

/**
 * A session with masakari-api, or with another service of the same cloud, as `[api]` describes it. Nothing is sent before the first request (or `keepFresh`).
 * @throws AuthOptionsError if the options do not make a login
 */
export async function createSession(api: ApiOptions, context: SessionContext): Promise<Session> {
  const { clock, log, userAgent, endpoint } = context;
  const plugin = await createAuthPlugin(api);
  if (api.insecure === true) {
    log.warning(
      "[api] insecure = true: certificates are not checked, so anyone between this host and the API can read the password; set cafile instead",
    );
  }
  const own = createTransport({
    userAgent,
    clock,
    timeoutMs: (api.timeout || 30) * 1000,
    environment: context.environment ?? process.env,
    cafile: api.cafile || undefined,
    certfile: api.certfile || undefined,
    keyfile: api.keyfile || undefined,
    insecure: api.insecure,
    proxyLoopback: api.proxy_loopback,
    optionNames,
  });
  return new Session({
    plugin,
    transport: context.requests?.counting(own) ?? context.around?.(own) ?? own,
    clock,
    log,
    service: {
      ...(context.service ?? masakari(api)),
      interface: api.api_interface || "public",
      region: api.region || undefined,
      endpoint,
    },
  });
}

function masakari({ service_type }: ApiOptions): NonNullable<SessionContext["service"]> {
  return { name: "Masakari", serviceType: service_type || "instance-ha", major: 1, isService: isMasakariVersion };
}
