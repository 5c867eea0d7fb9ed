import type { Json } from "../../formats/python-json.ts";
import { inTransaction } from "../../store/database.ts";
import { ApiFault } from "../fault.ts";
import { differs } from "../record.ts";
import type { Resource } from "../resource.ts";
import type { Stores } from "../stores.ts";
import { toBoolean } from "../validation.ts";
import { createSchema, updateSchema } from "./schema.ts";
import { type SegmentFields, type SegmentRow, showSegment } from "./store.ts";

const rule = (action: string) => `os_masakari_api:segments:${action}`;

/** `/v1/segments` */
export function segmentsResource(stores: Stores): Resource {
  const { database, segments } = stores;
  return {
    path: "segments",
    memberAction: true,
    actions: {
      index: {
        status: 200,
        rule: rule("index"),
        handle: ({ query }) => ({ segments: segments.list(query).map(showSegment) }),
      },
      show: {
        status: 200,
        rule: rule("detail"),
        handle: ({ params }) => ({ segment: showSegment(requireSegment(stores, params.id)) }),
      },
      create: {
        status: 201,
        rule: rule("create"),
        schema: createSchema,
        handle: ({ body }) =>
          inTransaction(database, () => {
            const fields = given(body);
            const name = fields.name ?? "";
            requireFreeName(stores, name);
            const { service_type = "", recovery_method = "", description = null, enabled = true } = fields;
            return {
              segment: showSegment(segments.insert({ name, service_type, recovery_method, description, enabled })),
            };
          }),
      },
      update: {
        status: 200,
        rule: rule("update"),
        schema: updateSchema,
        handle: ({ body, params }) =>
          inTransaction(database, () => {
            const segment = requireSegment(stores, params.id);
            if (stores.notifications.segmentInUse(segment.uuid)) {
              throw new ApiFault(
                409,
                `Failover segment ${segment.uuid} can't be updated as it is in-use to process notifications.`,
              );
            }
            const current: SegmentFields = { ...segment, enabled: segment.enabled !== 0 };
            const changes = given(body);
            const fields = { ...current, ...changes };
            if (fields.name !== segment.name) requireFreeName(stores, fields.name);
            return {
              segment: showSegment(differs(changes, current) ? segments.update(segment.uuid, fields) : segment),
            };
          }),
      },
      delete: {
        status: 204,
        rule: rule("delete"),
        handle: ({ params }) =>
          inTransaction(database, () => {
            const segment = requireSegment(stores, params.id);
            if (stores.notifications.segmentInUse(segment.uuid)) {
              throw new ApiFault(
                409,
                `Failover segment (${segment.uuid}) can't be deleted as it is in-use to process notifications.`,
              );
            }
            segments.delete(segment.uuid);
            return undefined;
          }),
      },
    },
  };
}

/** @throws ApiFault 404 */
export function requireSegment({ segments }: Stores, uuid = ""): SegmentRow {
  const segment = segments.find(uuid);
  if (!segment) throw new ApiFault(404, `No failover segment with id ${uuid}.`);
  return segment;
}

function requireFreeName({ segments }: Stores, name: string): void {
  if (segments.findByName(name)) throw new ApiFault(409, `Failover segment with name ${name} already exists.`);
}

/** The members that the caller sent; the schema has checked them. */
function given(body: Json): Partial<SegmentFields> {
  const { segment } = body as { segment: Partial<SegmentFields> & { enabled?: Json } };
  return segment.enabled === undefined ? segment : { ...segment, enabled: toBoolean(segment.enabled) };
}
