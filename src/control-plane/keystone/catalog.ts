import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../formats/python-json.ts";

/** Where the two services are reached, as in the catalog. */
export interface ServiceUrls {
  /** `http://127.0.0.1:PORT/v3` */
  readonly identity: string;
  /** `http://127.0.0.1:PORT/v1` */
  readonly "instance-ha": string;
}

export const region = "RegionOne";

/** The service catalog of a scoped token: every service with its public, internal and admin endpoint. */
export function readCatalog(database: DatabaseSync, urls: ServiceUrls): Json {
  const services = database
    .prepare("SELECT id, type, name FROM service WHERE enabled = 1 ORDER BY rowid")
    .all() as unknown as { id: string; type: string; name: string | null }[];
  const endpoints = database.prepare(
    `SELECT id, interface, region_id AS region, url FROM endpoint WHERE service_id = ? AND enabled = 1
       ORDER BY position, rowid`,
  );
  return services
    .map(({ id, type, name }) => ({
      endpoints: (endpoints.all(id) as unknown as EndpointRow[]).map(({ id, interface: face, region, url }) => ({
        id,
        interface: face,
        region_id: region,
        url: url ?? ownUrl(urls, type),
        region,
      })),
      id,
      type,
      name: name ?? "",
    }))
    .filter(({ endpoints }) => endpoints.length > 0);
}

/** Where a service of this program is reached: its endpoints have no URL of their own. */
export function ownUrl(urls: ServiceUrls, type: string): string {
  return type === "identity" || type === "instance-ha" ? urls[type] : "";
}

interface EndpointRow {
  readonly id: string;
  readonly interface: string;
  readonly region: string | null;
  readonly url: string | null;
}
