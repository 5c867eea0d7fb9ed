import type { Agent, AgentOptions } from "node:http";
import type { SecureContext } from "node:tls";
import { RequestError } from "./errors.ts";
import { http } from "./node-http.ts";
import { type Environment, proxyFor } from "./proxy.ts";
import { isHttp } from "./redirect.ts";
import { secureContext, type TlsOptions } from "./tls.ts";

/** More than the dispatcher has in flight, less than would burden an API that hundreds of hosts talk to. */
const maxSockets = 10;

export interface AgentsOptions extends TlsOptions {
  /** For proxies and CA bundles, as Python's requests reads them. Default: none. */
  readonly environment?: Environment | undefined;
  /** Use the environment's proxy also for this host itself. */
  readonly proxyLoopback?: boolean | undefined;
}

/** The open connections of one transport, by scheme and proxy. */
export class Agents {
  readonly #options: AgentsOptions;
  readonly #agents = new Map<string, Agent>();
  #context: Promise<SecureContext> | undefined;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** The proxy that a request to `url` goes through; undefined: none. */
  proxyFor(url: URL): string | undefined {
    const { environment = {}, proxyLoopback } = this.#options;
    return proxyFor(url, environment, { loopback: proxyLoopback });
  }

  /**
   * @param purpose streams have connections of their own: one that stays open for hours takes no request's place
   * @throws TlsError, RequestError
   */
  async agentFor(url: URL, purpose: "request" | "stream"): Promise<Agent> {
    const proxy = this.proxyFor(url);
    const key = `${purpose} ${url.protocol}${proxy ?? ""}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    if (proxy !== undefined) checkProxy(proxy, url);
    const pool: AgentOptions & { autoSelectFamilyAttemptTimeout: number } = {
      keepAlive: true,
      maxSockets,
      // An idle connection older than this is more likely closed by the server than of use.
      timeout: 60_000,
      // Node gives each address of a name 250 ms, which a busy controller does not always meet.
      autoSelectFamilyAttemptTimeout: 1000,
      ...(proxy !== undefined && { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    const agent = url.protocol === "https:" ? await this.#secureAgent(pool) : new http.Agent(pool);
    const concurrent = this.#agents.get(key);
    if (concurrent !== undefined) return concurrent;
    this.#agents.set(key, agent);
    return agent;
  }

  /** When one idle connection was stale the others most likely are: a restarted server closed them all. */
  dropIdle(): void {
    for (const agent of this.#agents.values()) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }

  /** The next handshake reads the certificates again: somebody may have corrected or renewed them. */
  dropCertificates(): void {
    this.dropIdle();
    for (const key of this.#agents.keys()) if (key.includes(" https:")) this.#agents.delete(key);
    this.#context = undefined;
  }

  /** Closes all connections; what is under way fails. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #secureAgent(pool: AgentOptions): Promise<Agent> {
    const { Agent: SecureAgent } = await import("node:https");
    this.#context ??= secureContext(this.#options, this.#options.environment ?? {});
    const context = this.#context;
    try {
      return new SecureAgent({
        ...pool,
        secureContext: await context,
        rejectUnauthorized: this.#options.insecure !== true,
      });
    } catch (error) {
      if (this.#context === context) this.#context = undefined;
      throw error;
    }
  }
}

function checkProxy(proxy: string, url: URL): void {
  const parsed = URL.parse(proxy);
  if (parsed !== null && isHttp(parsed)) return;
  // Not the URL itself: it may hold a password.
  const variables = `${url.protocol.slice(0, -1)}_proxy or all_proxy`;
  throw new RequestError(
    `the proxy in the environment (${variables}) is not an http:// or https:// URL: correct the variable or unset it, no other kind is supported`,
  );
}
