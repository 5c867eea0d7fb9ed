import type { MasakariClient } from "../../openstack/masakari.ts";
import type { Host, HostBody } from "../../openstack/masakari-objects.ts";
import { table } from "../table.ts";
import { findHost, findHosts, findSegment } from "./find.ts";
import { one, type Result, requireChanges, subjectOf } from "./result.ts";

interface Chosen {
  readonly argument?: string;
  readonly id?: string;
  readonly segment?: string;
  /** The old client's name for it. */
  readonly segmentId?: string;
}

interface Fields {
  readonly name?: string;
  readonly type?: string;
  readonly controlAttributes?: string;
  readonly reserved?: boolean;
  readonly onMaintenance?: boolean;
}

export async function createHost(
  client: MasakariClient,
  options: Chosen & Fields,
  signal: AbortSignal,
): Promise<Result> {
  const { argument, type = "COMPUTE", controlAttributes: control_attributes = "SSH", reserved } = options;
  const name = subjectOf(argument, options.name, "NAME", "--name");
  const segment = await findSegment(client, segmentOf(options), signal);
  const body = { name, type, control_attributes, reserved, on_maintenance: options.onMaintenance };
  return shown(await client.createHost(segment.uuid, body, { signal }));
}

export async function listHosts(client: MasakariClient, options: Chosen, signal: AbortSignal): Promise<Result> {
  const hosts = await findHosts(client, segmentOf(options), signal);
  const text = table(hosts, [
    ["UUID", ({ host }) => host.uuid],
    ["NAME", ({ host }) => host.name],
    ["SEGMENT", ({ segment }) => segment.name],
    ["TYPE", ({ host }) => host.type],
    ["RESERVED", ({ host }) => host.reserved],
    ["ON MAINTENANCE", ({ host }) => host.on_maintenance],
  ]);
  return { json: hosts.map(({ host }) => host), text };
}

export async function showHost(client: MasakariClient, options: Chosen, signal: AbortSignal): Promise<Result> {
  const { segment, host } = await chosenHost(client, options, signal);
  return shown(await client.getHost(segment.uuid, host.uuid, { signal }));
}

export async function updateHost(
  client: MasakariClient,
  options: Chosen & Fields,
  signal: AbortSignal,
): Promise<Result> {
  const { name, type, controlAttributes: control_attributes, reserved, onMaintenance: on_maintenance } = options;
  const changes = requireChanges(
    { name, type, control_attributes, reserved, on_maintenance },
    "--on-maintenance or --reserved, with true or false, --name, --type, --control-attributes",
  );
  const { segment, host } = await chosenHost(client, options, signal);
  return shown(await client.updateHost(segment.uuid, host.uuid, changes as Partial<HostBody>, { signal }));
}

export async function deleteHost(client: MasakariClient, options: Chosen, signal: AbortSignal): Promise<Result> {
  const { segment, host } = await chosenHost(client, options, signal);
  await client.deleteHost(segment.uuid, host.uuid, { signal });
  return { json: host, text: `deleted host ${host.name} (${host.uuid}) of segment ${segment.name}\n` };
}

const shown = (host: Host): Result => one(host, { ...host, failover_segment: host.failover_segment?.name });

const segmentOf = ({ segment, segmentId }: Chosen): string | undefined => segment ?? segmentId;

async function chosenHost(client: MasakariClient, options: Chosen, signal: AbortSignal) {
  return await findHost(client, subjectOf(options.argument, options.id, "HOST", "--id"), segmentOf(options), signal);
}
