import type { Json } from "../../formats/python-json.ts";
import { isUuidLike } from "../../formats/uuid.ts";
import { inTransaction } from "../../store/database.ts";
import { ApiFault } from "../fault.ts";
import { limitOf } from "../list-query.ts";
import { differs } from "../record.ts";
import { notEmpty, type Resource } from "../resource.ts";
import { requireSegment } from "../segments/routes.ts";
import type { SegmentRow } from "../segments/store.ts";
import type { Stores } from "../stores.ts";
import { invalid, toBoolean } from "../validation.ts";
import { createSchema, updateSchema } from "./schema.ts";
import { type HostFields, type HostRow, showHost } from "./store.ts";

const rule = (action: string) => `os_masakari_api:os-hosts:${action}`;

/** `/v1/segments/{segment_id}/hosts` */
export function hostsResource(stores: Stores): Resource {
  const { database, hosts } = stores;
  return {
    path: `segments/:segment_id${notEmpty}/hosts`,
    memberAction: false,
    actions: {
      index: {
        status: 200,
        rule: rule("index"),
        handle: ({ params, query }) => {
          limitOf(query);
          const segment = requireSegment(stores, params.segment_id);
          return { hosts: hosts.list(segment.uuid, query).map((host) => showHost(host, segment)) };
        },
      },
      show: {
        status: 200,
        rule: rule("detail"),
        handle: ({ params }) => {
          if (!isUuidLike(params.id ?? "")) throw new ApiFault(404, `No host with id ${params.id}.`);
          const { host, segment } = requireHost(stores, params);
          return { host: showHost(host, segment) };
        },
      },
      create: {
        status: 201,
        rule: rule("create"),
        schema: () => createSchema,
        handle: ({ body, params }) =>
          inTransaction(database, () => {
            const segment = requireSegment(stores, params.segment_id);
            const { name = "", type = "", control_attributes = "", ...rest } = given(body);
            const { reserved = false, on_maintenance = false } = rest;
            requireComputeService(stores, name);
            requireFreeName(stores, name);
            const fields = { name, type, control_attributes, reserved, on_maintenance };
            return { host: showHost(hosts.insert(segment.uuid, fields), segment) };
          }),
      },
      update: {
        status: 200,
        rule: rule("update"),
        schema: () => updateSchema,
        handle: ({ body, params }) =>
          inTransaction(database, () => {
            const { host, segment } = requireHost(stores, params);
            requireIdle(stores, host, "updated");
            const changes = given(body);
            if (changes.name !== undefined) requireComputeService(stores, changes.name);
            const kept = { reserved: host.reserved !== 0, on_maintenance: host.on_maintenance !== 0 };
            const fields: HostFields = { ...host, ...kept, ...changes };
            if (fields.name !== host.name) requireFreeName(stores, fields.name);
            const changed = differs(changes, { ...host, ...kept });
            return { host: showHost(changed ? hosts.update(host.uuid, fields) : host, segment) };
          }),
      },
      delete: {
        status: 204,
        rule: rule("delete"),
        handle: ({ params }) =>
          inTransaction(database, () => {
            const { host } = requireHost(stores, params);
            requireIdle(stores, host, "deleted");
            hosts.delete(host.uuid);
            return undefined;
          }),
      },
    },
  };
}

function requireHost(
  { hosts, segments }: Stores,
  { segment_id = "", id = "" }: Readonly<Record<string, string>>,
): { host: HostRow; segment: SegmentRow } {
  const host = hosts.find(segment_id, id);
  const segment = segments.find(segment_id);
  if (host && segment) return { host, segment };
  throw new ApiFault(404, `Host '${id}' under failover_segment '${segment_id}' could not be found.`);
}

function requireIdle({ notifications }: Stores, host: HostRow, what: "updated" | "deleted"): void {
  if (!notifications.segmentInUse(host.segment_uuid)) return;
  throw new ApiFault(409, `Host ${host.uuid} can't be ${what} as it is in-use to process notifications.`);
}

function requireComputeService({ computeServiceExists }: Stores, name: string): void {
  if (!computeServiceExists(name)) throw new ApiFault(400, `Compute service with name ${name} could not be found.`);
}

function requireFreeName({ hosts }: Stores, name: string): void {
  if (hosts.findByName(name)) throw new ApiFault(409, `Host with name ${name} already exists.`);
}

/** The members that the caller sent; the schema has checked them. */
function given(body: Json): Partial<HostFields> {
  const { host } = body as { host: Partial<HostFields> & { reserved?: Json; on_maintenance?: Json } };
  for (const field of ["type", "control_attributes"] as const) {
    // masakari-api lets null through its schema and then fails with a 500.
    if (host[field] === null) throw invalid(field, null, "None is not of type 'string'");
  }
  return {
    ...host,
    ...(host.reserved !== undefined && { reserved: toBoolean(host.reserved) }),
    ...(host.on_maintenance !== undefined && { on_maintenance: toBoolean(host.on_maintenance) }),
  };
}
