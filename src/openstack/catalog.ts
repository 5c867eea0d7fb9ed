import { CatalogError } from "./errors.ts";
import { isRecord } from "./json.ts";

/** One service of Keystone's catalog (`token.catalog[]`). */
export interface CatalogService {
  readonly type: string;
  readonly endpoints: readonly CatalogEndpoint[];
}

interface CatalogEndpoint {
  readonly interface: string;
  readonly region: string;
  readonly url: string;
}

export interface EndpointWanted {
  readonly serviceType: string;
  /** public, internal or admin; keystoneauth's old `publicURL` forms too. */
  readonly interface: string;
  /** Undefined: any. */
  readonly region: string | undefined;
}

/** What is not as documented is left out: a strange entry of another service is no reason to fail. */
export function parseCatalog(value: unknown): CatalogService[] {
  return records(value).map((service) => ({
    type: String(service.type ?? ""),
    endpoints: records(service.endpoints)
      .filter((endpoint) => typeof endpoint.url === "string" && endpoint.url !== "")
      .map((endpoint) => ({
        interface: String(endpoint.interface ?? ""),
        region: String(endpoint.region_id ?? endpoint.region ?? ""),
        url: String(endpoint.url),
      })),
  }));
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/**
 * The service's URL without a slash at the end.
 * @throws CatalogError that says what the catalog does have
 */
export function findEndpoint(catalog: readonly CatalogService[], wanted: EndpointWanted, who: string): string {
  const endpoints = catalog
    .filter((service) => service.type === wanted.serviceType)
    .flatMap((service) => service.endpoints);
  const wantedInterface = wanted.interface.replace(/URL$/, "").toLowerCase();
  const found = endpoints.find(
    (endpoint) =>
      endpoint.interface === wantedInterface && (wanted.region === undefined || endpoint.region === wanted.region),
  );
  if (found !== undefined) return found.url.replace(/\/+$/, "");
  const missing = `Keystone's catalog for ${who} has no endpoint of type ${wanted.serviceType}`;
  if (catalog.length === 0) {
    throw new CatalogError(`${missing}, nor any other: set project_name in [api], a token without one has no catalog`);
  }
  if (endpoints.length === 0) {
    const types = few(catalog.map((service) => service.type));
    throw new CatalogError(`${missing}, only ${types}: is Masakari registered in Keystone?`);
  }
  const region = wanted.region === undefined ? "" : ` in region ${wanted.region}`;
  const has = few(endpoints.map((endpoint) => `${endpoint.interface} in ${endpoint.region}`));
  throw new CatalogError(
    `${missing}, ${wantedInterface}${region}; it has: ${has}. Check [api] region and api_interface`,
  );
}

function few(items: readonly string[]): string {
  const unique = [...new Set(items)];
  return unique.length > 20 ? `${unique.slice(0, 20).join(", ")}, …` : unique.join(", ");
}
