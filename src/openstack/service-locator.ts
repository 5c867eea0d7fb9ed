import type { Services } from "./auth/plugin.ts";
import { findEndpoint } from "./catalog.ts";
import { type DiscoveryParts, discoverEndpoint, type Endpoint } from "./endpoint-discovery.ts";

export interface ServiceWanted {
  /** For messages: `Masakari`. */
  readonly name: string;
  /** The major version of its API. */
  readonly major: number;
  /** Type in the catalog; its aliases are tried too. */
  readonly serviceType: string;
  readonly interface: string;
  readonly region: string | undefined;
  /** Used in place of the catalog's. */
  readonly endpoint?: string | undefined;
  /** Whether a response is the wanted service's version document. */
  readonly isService: DiscoveryParts["isService"];
}

/** Finds the service's endpoint and remembers it for as long as the login lasts whose catalog named it. */
export class ServiceLocator {
  readonly #wanted: ServiceWanted;
  readonly #who: string;
  #found: { readonly services: Services; readonly endpoint: Promise<Endpoint> } | undefined;

  constructor(wanted: ServiceWanted, who: string) {
    this.#wanted = wanted;
    this.#who = who;
  }

  /**
   * Concurrent callers share one discovery. @throws CatalogError, ResponseError and what `get` throws; then the next call starts
   * again
   */
  async find(services: Services, get: DiscoveryParts["get"]): Promise<Endpoint> {
    if (this.#found?.services !== services) this.#found = { services, endpoint: this.#discover(services, get) };
    const found = this.#found;
    let lasting = false;
    try {
      const endpoint = await found.endpoint;
      lasting = endpoint.lasting;
      return endpoint;
    } finally {
      if (!lasting && this.#found === found) this.#found = undefined;
    }
  }

  /** The next call starts again. */
  forget(): void {
    this.#found = undefined;
  }

  async #discover(services: Services, get: DiscoveryParts["get"]): Promise<Endpoint> {
    const { isService, name, major } = this.#wanted;
    const projectId = "catalog" in services ? services.projectId : undefined;
    return await discoverEndpoint(this.#urlIn(services), { get, isService, name, major, projectId });
  }

  #urlIn(services: Services): string {
    const { name, endpoint, serviceType, interface: wanted, region } = this.#wanted;
    if (endpoint !== undefined) return endpoint;
    if ("endpoint" in services) return services.endpoint;
    return findEndpoint(services.catalog, { name, serviceType, interface: wanted, region }, this.#who);
  }
}
