import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import type { RecoveryMethod, Segment, SegmentBody } from "../../openstack/masakari-objects.ts";
import { onOneLine, table } from "../table.ts";
import { hasMicroversion } from "./call.ts";
import { CommandError } from "./command-context.ts";
import { findSegment } from "./find.ts";
import { integerMarker, type ListOptions, listQuery } from "./list-query.ts";
import { type Column, listView, objectView } from "./output/view.ts";
import { one, type Result, requireChanges } from "./result.ts";

export interface SegmentFields {
  readonly name?: string | undefined;
  readonly recoveryMethod?: RecoveryMethod | undefined;
  readonly serviceType?: string | undefined;
  readonly description?: string | undefined;
  readonly isEnabled?: boolean | undefined;
}

const FILTERS = {
  recovery_method: "recovery_method",
  service_type: "service_type",
  is_enabled: "enabled",
  enabled: "enabled",
};

const enabledColumn = (call: CallOptions): readonly Column[] =>
  hasMicroversion(call, "1.2") ? [["is_enabled", "enabled"]] : [];

export async function createSegment(
  client: MasakariClient,
  { name, recoveryMethod = "auto", serviceType = "COMPUTE", ...rest }: SegmentFields & { readonly name: string },
  call: CallOptions,
): Promise<Result> {
  const { description, isEnabled: enabled } = rest;
  requireEnabledIsKnown(enabled, call);
  const body = { name, recovery_method: recoveryMethod, service_type: serviceType, description, enabled };
  return shown(await client.createSegment(body, call), call);
}

export async function listSegments(client: MasakariClient, options: ListOptions, call: CallOptions): Promise<Result> {
  const query = listQuery(options, FILTERS);
  const marker = await integerMarker(options, async (name) => (await findSegment(client, name, call)).id);
  const segments = await client.listSegments({ ...query, marker }, call);
  const text = table<Segment>(segments, [
    ["UUID", ({ uuid }) => uuid],
    ["NAME", ({ name }) => name],
    ["RECOVERY METHOD", ({ recovery_method }) => recovery_method],
    ["SERVICE TYPE", ({ service_type }) => service_type],
    ["ENABLED", ({ enabled }) => enabled],
  ]);
  const columns = ["uuid", "name", "description", "service_type", "recovery_method", ...enabledColumn(call)];
  return { json: segments, text, view: listView(segments, columns) };
}

export async function showSegment(client: MasakariClient, segment: string, call: CallOptions): Promise<Result> {
  return shown(await findSegment(client, segment, call), call);
}

export async function updateSegment(
  client: MasakariClient,
  segment: string,
  { name, recoveryMethod: recovery_method, serviceType: service_type, description, isEnabled: enabled }: SegmentFields,
  call: CallOptions,
): Promise<Result> {
  requireEnabledIsKnown(enabled, call);
  const changes = requireChanges(
    { name, recovery_method, service_type, description, enabled },
    "--name, --recovery-method, --service-type, --description, --is-enabled",
  );
  const { uuid } = await findSegment(client, segment, call);
  return shown(await client.updateSegment(uuid, changes as Partial<SegmentBody>, call), call);
}

export async function deleteSegment(client: MasakariClient, wanted: string, call: CallOptions): Promise<Result> {
  const segment = await findSegment(client, wanted, call);
  await client.deleteSegment(segment.uuid, call);
  const text = `${onOneLine(`deleted segment ${segment.name} (${segment.uuid})`)}\n`;
  return { json: segment, text, line: `Segment deleted: ${wanted}` };
}

function shown(segment: Segment, call: CallOptions): Result {
  const before = ["created_at", "updated_at", "uuid", "name", "description", "id", "service_type", "recovery_method"];
  return one(segment, objectView(segment, [...before, ...enabledColumn(call)]));
}

function requireEnabledIsKnown(enabled: boolean | undefined, call: CallOptions): void {
  if (enabled === undefined || hasMicroversion(call, "1.2")) return;
  throw new CommandError("--is-enabled needs version 1.2 of Masakari's API");
}
