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
  const services = database.prepare("SELECT id, type, name FROM service ORDER BY rowid").all() as unknown as {
    id: string;
    type: keyof ServiceUrls;
    name: string;
  }[];
  const endpoints = database.prepare("SELECT id, interface FROM endpoint WHERE service_id = ? ORDER BY position");
  return services.map(({ id, type, name }) => ({
    endpoints: (endpoints.all(id) as { id: string; interface: string }[]).map((endpoint) => ({
      id: endpoint.id,
      interface: endpoint.interface,
      region_id: region,
      url: urls[type],
      region,
    })),
    id,
    type,
    name,
  }));
}
