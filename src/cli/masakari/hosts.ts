import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import type { Host, HostBody } from "../../openstack/masakari-objects.ts";
import { onOneLine, table } from "../table.ts";
import { type Found, findHost, findSegment, hostsOf } from "./find.ts";
import { integerMarker, type ListOptions, listQuery } from "./list-query.ts";
import { listView, objectView } from "./output/view.ts";
import { collected } from "./pages.ts";
import { one, type Result, requireChanges } from "./result.ts";

export interface HostFields {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly controlAttributes?: string | undefined;
  readonly reserved?: boolean | undefined;
  readonly onMaintenance?: boolean | undefined;
}

/** A host by name or uuid; without a segment, it is looked for in all of them. */
export interface WantedHost {
  readonly segment: string | undefined;
  readonly host: string;
}

const FILTERS = {
  failover_segment_id: "failover_segment_id",
  type: "type",
  on_maintenance: "on_maintenance",
  reserved: "reserved",
};
const COLUMNS = ["uuid", "name", "type", "control_attributes", "reserved", "on_maintenance", "failover_segment_id"];

export async function createHost(
  client: MasakariClient,
  segment: string | undefined,
  { name, type = "COMPUTE", controlAttributes: control_attributes = "SSH", ...rest }: HostFields & { name: string },
  call: CallOptions,
): Promise<Result> {
  const { uuid } = await findSegment(client, segment, call);
  const body = { name, type, control_attributes, reserved: rest.reserved, on_maintenance: rest.onMaintenance };
  return shown(await client.createHost(uuid, body, call));
}

export async function listHosts(
  client: MasakariClient,
  segment: string | undefined,
  options: ListOptions,
  call: CallOptions,
): Promise<Result> {
  const found = await foundHosts(client, segment, options, call);
  const text = table(found, [
    ["UUID", ({ host }) => host.uuid],
    ["NAME", ({ host }) => host.name],
    ["SEGMENT", ({ segment: { name } }) => name],
    ["TYPE", ({ host }) => host.type],
    ["RESERVED", ({ host }) => host.reserved],
    ["ON MAINTENANCE", ({ host }) => host.on_maintenance],
  ]);
  const hosts = found.map(({ host }) => host);
  return { json: hosts, text, view: listView(hosts, COLUMNS) };
}

export async function showHost(client: MasakariClient, wanted: WantedHost, call: CallOptions): Promise<Result> {
  const { segment, host } = await findHost(client, wanted.host, wanted.segment, call);
  return shown(await client.getHost(segment.uuid, host.uuid, call));
}

export async function updateHost(
  client: MasakariClient,
  wanted: WantedHost,
  { name, type, controlAttributes: control_attributes, reserved, onMaintenance: on_maintenance }: HostFields,
  call: CallOptions,
): Promise<Result> {
  const changes = requireChanges(
    { name, type, control_attributes, reserved, on_maintenance },
    "--on-maintenance or --reserved, with true or false, --name, --type, --control-attributes",
  );
  const { segment, host } = await findHost(client, wanted.host, wanted.segment, call);
  return shown(await client.updateHost(segment.uuid, host.uuid, changes as Partial<HostBody>, call));
}

export async function deleteHost(client: MasakariClient, wanted: WantedHost, call: CallOptions): Promise<Result> {
  const { segment, host } = await findHost(client, wanted.host, wanted.segment, call);
  await client.deleteHost(segment.uuid, host.uuid, call);
  const text = `${onOneLine(`deleted host ${host.name} (${host.uuid}) of segment ${segment.name}`)}\n`;
  return { json: host, text, line: `Host deleted: ${wanted.host}` };
}

/** All hosts of all segments, or those of one segment as the API filters and sorts them. */
async function foundHosts(
  client: MasakariClient,
  wanted: string | undefined,
  options: ListOptions,
  call: CallOptions,
): Promise<Found[]> {
  const query = listQuery(options, FILTERS);
  if (wanted === undefined && Object.values(query).every((value) => value === undefined)) {
    return await collected(hostsOf(client, undefined, call));
  }
  const segment = await findSegment(client, wanted, call);
  const marker = await integerMarker(
    options,
    async (name) => (await findHost(client, name, segment.uuid, call)).host.id,
  );
  const hosts = await client.listHosts(segment.uuid, { ...query, marker }, call);
  return hosts.map((host) => ({ segment, host }));
}

function shown(host: Host): Result {
  const view = objectView(host, ["created_at", "updated_at", ...COLUMNS]);
  return one(host, view, { ...host, failover_segment: host.failover_segment?.name });
}
