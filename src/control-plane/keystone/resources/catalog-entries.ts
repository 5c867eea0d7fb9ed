import { inTransaction } from "../../store/database.ts";
import { ownUrl } from "../catalog.ts";
import { expecting, KeystoneFault } from "../fault.ts";
import { newId } from "../new-id.ts";
import { conflict, filtered, found, type IdentityRoute, type JsonObject, listOf, oneOf } from "../routes.ts";
import { flag, forUpdate, idOrNull, nameSchema, requireShape, text, textOrNull } from "../schema.ts";
import type { IdentityStores } from "./stores.ts";

/** The catalog's services, endpoints and regions. */
export function catalogRoutes(stores: IdentityStores): IdentityRoute[] {
  return [...serviceRoutes(stores), ...endpointRoutes(stores), ...regionRoutes(stores)];
}

interface ServiceRow {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly enabled: number | boolean;
}

const serviceSchema = {
  type: "object",
  properties: {
    type: { ...text, minLength: 1, maxLength: 255 },
    name: nameSchema,
    enabled: flag,
    description: textOrNull,
  },
  required: ["type"],
} as const;

function showService({ id, type, name, description, enabled }: ServiceRow) {
  return {
    ...(name !== null && { name }),
    ...(description !== null && { description }),
    ...{ id, type, enabled: Boolean(enabled) },
  };
}

function serviceRoutes({ database }: IdentityStores): IdentityRoute[] {
  const all = () => database.prepare("SELECT * FROM service ORDER BY rowid").all() as unknown as ServiceRow[];
  const one = (id = "") =>
    found(database.prepare("SELECT * FROM service WHERE id = ?").get(id) as ServiceRow | undefined, "service", id);
  return [
    {
      ...{ method: "GET", path: "/services", rule: "list_services", status: 200 },
      handle: (call) => listOf(call, "services", filtered(all().map(showService), call.query, ["type", "name"])),
    },
    {
      ...{ method: "POST", path: "/services", rule: "create_service", status: 201, member: "service" },
      handle: (call) => {
        requireShape(serviceSchema, call.body);
        const fields = { name: null, description: null, enabled: true, ...call.body } as unknown as ServiceRow;
        const id = newId();
        database
          .prepare("INSERT INTO service (id, type, name, description, enabled) VALUES (?, ?, ?, ?, ?)")
          .run(id, fields.type, fields.name, fields.description, Number(fields.enabled));
        return oneOf(call, "services", "service", showService(one(id)));
      },
    },
    {
      ...{ method: "GET", path: "/services/:id", rule: "get_service", status: 200 },
      handle: (call) => oneOf(call, "services", "service", showService(one(call.params.id))),
    },
    {
      ...{ method: "PATCH", path: "/services/:id", rule: "update_service", status: 200, member: "service" },
      handle: (call) => {
        requireShape(forUpdate(serviceSchema), call.body);
        const { id, ...row } = one(call.params.id);
        const { type, name, description, enabled } = { ...row, ...call.body } as ServiceRow;
        database
          .prepare("UPDATE service SET type = ?, name = ?, description = ?, enabled = ? WHERE id = ?")
          .run(type, name, description, Number(enabled), id);
        return oneOf(call, "services", "service", showService(one(id)));
      },
    },
    {
      ...{ method: "DELETE", path: "/services/:id", rule: "delete_service", status: 204 },
      handle: ({ params }) => {
        const { id } = one(params.id);
        inTransaction(database, () => {
          database.prepare("DELETE FROM endpoint WHERE service_id = ?").run(id);
          database.prepare("DELETE FROM service WHERE id = ?").run(id);
        });
        return undefined;
      },
    },
  ];
}

interface EndpointRow {
  readonly id: string;
  readonly interface: string;
  readonly region_id: string | null;
  readonly service_id: string;
  readonly type: string;
  readonly url: string | null;
  readonly enabled: number | boolean;
}

const endpointSchema = {
  type: "object",
  properties: {
    interface: { enum: ["admin", "internal", "public"], type: "string" },
    region_id: { type: ["string", "null"] },
    region: { type: "string" },
    service_id: text,
    url: { type: "string", minLength: 0, maxLength: 225 },
    enabled: flag,
  },
  required: ["interface", "service_id", "url"],
} as const;

function endpointRoutes({ database, urls }: IdentityStores): IdentityRoute[] {
  const read = `SELECT endpoint.*, service.type FROM endpoint JOIN service ON service.id = service_id`;
  const show = ({ id, interface: face, region_id, service_id, type, url, enabled }: EndpointRow) => ({
    ...{ id, interface: face, region_id, service_id, url: url ?? ownUrl(urls(), type) },
    ...{ enabled: Boolean(enabled), region: region_id },
  });
  const all = () =>
    (database.prepare(`${read} ORDER BY service.rowid, position`).all() as unknown as EndpointRow[]).map(show);
  const one = (id = "") =>
    found(database.prepare(`${read} WHERE endpoint.id = ?`).get(id) as EndpointRow | undefined, "endpoint", id);
  const fieldsOf = (body: JsonObject, row: Partial<EndpointRow> = {}) => {
    const { region = null, ...rest } = body as JsonObject & { region?: string };
    const fields = { enabled: true, ...row, ...(region !== null && { region_id: region }), ...rest } as EndpointRow;
    const { region_id = null, service_id } = fields;
    // The older way to name a region makes it.
    if (region !== null) database.prepare("INSERT OR IGNORE INTO region (id, description) VALUES (?, '')").run(region);
    if (region_id !== null && !database.prepare("SELECT 1 FROM region WHERE id = ?").get(region_id)) {
      throw expecting("endpoint region_id", "region table");
    }
    if (!database.prepare("SELECT 1 FROM service WHERE id = ?").get(service_id)) {
      throw expecting("endpoint service_id", "service table");
    }
    return { ...fields, region_id };
  };
  return [
    {
      ...{ method: "GET", path: "/endpoints", rule: "list_endpoints", status: 200 },
      handle: (call) => {
        const filters = ["service_id", "interface", "region_id"] as const;
        return listOf(call, "endpoints", filtered(all(), call.query, filters));
      },
    },
    {
      ...{ method: "POST", path: "/endpoints", rule: "create_endpoint", status: 201, member: "endpoint" },
      handle: (call) => {
        requireShape(endpointSchema, call.body);
        return inTransaction(database, () => {
          const { interface: face, region_id, service_id, url, enabled } = fieldsOf(call.body);
          const id = newId();
          database
            .prepare(
              `INSERT INTO endpoint (id, service_id, interface, region_id, url, enabled, position)
               SELECT ?, ?, ?, ?, ?, ?, count(*) FROM endpoint WHERE service_id = ?`,
            )
            .run(id, service_id, face, region_id, url, Number(enabled), service_id);
          return oneOf(call, "endpoints", "endpoint", show(one(id)));
        });
      },
    },
    {
      ...{ method: "GET", path: "/endpoints/:id", rule: "get_endpoint", status: 200 },
      handle: (call) => oneOf(call, "endpoints", "endpoint", show(one(call.params.id))),
    },
    {
      ...{ method: "PATCH", path: "/endpoints/:id", rule: "update_endpoint", status: 200, member: "endpoint" },
      handle: (call) => {
        requireShape(forUpdate(endpointSchema), call.body);
        return inTransaction(database, () => {
          const { id, ...row } = one(call.params.id);
          const { interface: face, region_id, service_id, url, enabled } = fieldsOf(call.body, row);
          database
            .prepare(
              "UPDATE endpoint SET service_id = ?, interface = ?, region_id = ?, url = ?, enabled = ? WHERE id = ?",
            )
            .run(service_id, face, region_id, url, Number(enabled), id);
          return oneOf(call, "endpoints", "endpoint", show(one(id)));
        });
      },
    },
    {
      ...{ method: "DELETE", path: "/endpoints/:id", rule: "delete_endpoint", status: 204 },
      handle: ({ params }) => {
        database.prepare("DELETE FROM endpoint WHERE id = ?").run(one(params.id).id);
        return undefined;
      },
    },
  ];
}

interface RegionRow {
  readonly id: string;
  readonly description: string;
  readonly parent_region_id: string | null;
}

const regionSchema = {
  type: "object",
  properties: { id: text, description: textOrNull, parent_region_id: idOrNull },
} as const;

function regionRoutes({ database }: IdentityStores): IdentityRoute[] {
  const show = ({ id, description, parent_region_id }: RegionRow) => ({ id, description, parent_region_id });
  const all = () => (database.prepare("SELECT * FROM region ORDER BY rowid").all() as unknown as RegionRow[]).map(show);
  const one = (id = "") =>
    found(database.prepare("SELECT * FROM region WHERE id = ?").get(id) as RegionRow | undefined, "region", id);
  return [
    {
      ...{ method: "GET", path: "/regions", rule: "list_regions", status: 200, allows: () => true },
      handle: (call) => listOf(call, "regions", filtered(all(), call.query, ["parent_region_id"])),
    },
    {
      ...{ method: "POST", path: "/regions", rule: "create_region", status: 201, member: "region" },
      handle: (call) => {
        requireShape(regionSchema, call.body);
        const { id = newId(), description, parent_region_id = null } = call.body as unknown as Partial<RegionRow>;
        if (database.prepare("SELECT 1 FROM region WHERE id = ?").get(id))
          throw conflict("region", `Duplicate ID, ${id}.`);
        if (parent_region_id !== null) one(parent_region_id);
        database
          .prepare("INSERT INTO region (id, description, parent_region_id) VALUES (?, ?, ?)")
          .run(id, description ?? "", parent_region_id);
        return oneOf(call, "regions", "region", show(one(id)));
      },
    },
    {
      ...{ method: "GET", path: "/regions/:id", rule: "get_region", status: 200, allows: () => true },
      handle: (call) => oneOf(call, "regions", "region", show(one(call.params.id))),
    },
    {
      ...{ method: "DELETE", path: "/regions/:id", rule: "delete_region", status: 204 },
      handle: ({ params }) => {
        const { id } = one(params.id);
        if (database.prepare("SELECT 1 FROM endpoint WHERE region_id = ?").get(id)) {
          const why = "because it or its child regions have associated endpoints";
          throw new KeystoneFault(403, `Unable to delete region ${id} ${why}.`);
        }
        database.prepare("DELETE FROM region WHERE id = ?").run(id);
        return undefined;
      },
    },
  ];
}
