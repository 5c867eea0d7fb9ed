import { fallback, maxLength, nonEmpty, object, optional, pipe, string, transform, trim, unknown } from "valibot";
import { shorten } from "../http/shorten.ts";
import { conformingItems } from "../system/parse-json.ts";
import { CatalogError } from "./errors.ts";

/** One service of Keystone's catalog (`token.catalog[]`). */
export interface CatalogService {
  readonly type: string;
  readonly endpoints: readonly CatalogEndpoint[];
}

interface CatalogEndpoint {
  /** `public`, `internal` or `admin`. */
  readonly interface: string;
  /** Undefined: an endpoint may belong to no region. */
  readonly region: string | undefined;
  readonly url: string;
}

export interface EndpointWanted {
  /** For messages: `Masakari`, the default. Only its type can be configured. */
  readonly name?: string;
  readonly serviceType: string;
  /** public, internal or admin; keystoneauth's old `publicURL` forms too. Empty: public. */
  readonly interface: string;
  /** Undefined: any. */
  readonly region: string | undefined;
}

/** Characters. Keystone's own limit for a type, an interface or a region's ID is 255. */
const longestName = 255;
/** What a message shows of a name. */
const shownOfName = 64;
const longestUrl = 4096;

const name = fallback(
  optional(
    pipe(
      string(),
      nonEmpty(),
      transform((text) => shorten(text, longestName)),
    ),
  ),
  undefined,
);
const serviceSchema = object({ type: name, endpoints: optional(unknown()) });
const endpointSchema = object({
  url: pipe(string(), maxLength(longestUrl), trim(), nonEmpty()),
  interface: name,
  region_id: name,
  region: name,
});

/** What is not as documented is left out: a strange entry of another service is no reason to fail. */
export function parseCatalog(value: unknown): CatalogService[] {
  return conformingItems(serviceSchema, value).map(({ type, endpoints }) => ({
    type: type ?? "",
    endpoints: conformingItems(endpointSchema, endpoints).map(
      ({ url, interface: itsInterface, region_id, region }) => ({
        interface: interfaceName(itsInterface),
        region: region_id ?? region,
        url,
      }),
    ),
  }));
}

/** Services that os-service-types knows under several types, the official one first. */
const aliases: readonly (readonly string[])[] = [["instance-ha", "ha"]];

/** The types under which a catalog may have the service, the best first. */
function typesOf(serviceType: string): readonly string[] {
  const known = aliases.find((types) => types.includes(serviceType)) ?? [];
  return [serviceType, ...known.filter((type) => type !== serviceType)];
}

/** os-service-types compares so. */
const normalType = (type: string): string => type.toLowerCase().replaceAll("_", "-");

/** `publicURL` of Keystone's version 2 is `public`. */
function interfaceName(text: string | undefined): string {
  return (text ?? "").replace(/URL$/i, "").toLowerCase();
}

/**
 * The service's URL without a slash at the end, found as keystoneauth finds it; beyond that, an endpoint without a region
 * counts for every region that has none of its own.
 * @throws CatalogError with what the catalog does have
 */
export function findEndpoint(catalog: readonly CatalogService[], wanted: EndpointWanted, who: string): string {
  const wantedInterface = interfaceName(wanted.interface || "public");
  const types = typesOf(normalType(wanted.serviceType));
  const services = types.map((type) => catalog.filter((service) => normalType(service.type) === type));
  for (const same of services) {
    const endpoints = same
      .flatMap((service) => service.endpoints)
      .filter((endpoint) => endpoint.interface === wantedInterface);
    const found =
      wanted.region === undefined
        ? endpoints[0]
        : (endpoints.find(({ region }) => region === wanted.region) ??
          endpoints.find(({ region }) => region === undefined));
    if (found !== undefined) return found.url.replace(/\/+$/, "");
  }
  const candidates = services.flat();
  const missing = `Keystone's catalog for ${who} has no endpoint of type ${types.join(" or ")}`;
  if (catalog.length === 0) {
    throw new CatalogError(`${missing}, nor any other: set project_name in [api], a token without one has no catalog`);
  }
  if (candidates.length === 0) {
    const others = few(catalog.map((service) => service.type));
    const { name: service = "Masakari" } = wanted;
    const advice = service === "Masakari" ? " If under another type, set [api] service_type" : "";
    throw new CatalogError(`${missing}, only ${others}: is ${service} registered in Keystone?${advice}`);
  }
  const region = wanted.region === undefined ? "" : ` in region ${wanted.region}`;
  const has = few(
    candidates.flatMap(({ type, endpoints }) =>
      endpoints.map((endpoint) => `${type} ${endpoint.interface} in ${endpoint.region ?? "no region"}`),
    ),
  );
  throw new CatalogError(
    `${missing}, ${wantedInterface}${region}; it has: ${has || "the service, without endpoints"}. ` +
      "Check [api] region and api_interface",
  );
}

function few(items: readonly string[]): string {
  const unique = [...new Set(items.map((item) => shorten(item, shownOfName)))];
  return unique.length > 20 ? `${unique.slice(0, 20).join(", ")}, …` : unique.join(", ");
}
