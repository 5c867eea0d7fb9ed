import type { MasakariClient } from "../../openstack/masakari.ts";
import type { Host, RecoveryMethod, Segment, StoredNotification } from "../../openstack/masakari-objects.ts";
import { properties, table } from "../table.ts";
import { findSegment, listHosts } from "./find.ts";
import { CommandError } from "./surroundings.ts";

/** What a command came to: for `--json`, and for people. */
export interface Result {
  readonly json: unknown;
  readonly text: string;
}

const one = (object: object): Result => ({ json: object, text: properties(object) });
const hostOf = (host: Host): Result => one({ ...host, failover_segment: host.failover_segment?.name });

export async function createSegment(
  client: MasakariClient,
  name: string,
  options: { recoveryMethod: RecoveryMethod; serviceType: string; description?: string | undefined },
  signal: AbortSignal,
): Promise<Result> {
  const { recoveryMethod: recovery_method, serviceType: service_type, description } = options;
  return one(await client.createSegment({ name, recovery_method, service_type, description }, { signal }));
}

export async function segmentList(client: MasakariClient, signal: AbortSignal): Promise<Result> {
  const segments = await client.listSegments({}, { signal });
  const text = table<Segment>(segments, [
    ["UUID", ({ uuid }) => uuid],
    ["NAME", ({ name }) => name],
    ["RECOVERY METHOD", ({ recovery_method }) => recovery_method],
    ["SERVICE TYPE", ({ service_type }) => service_type],
    ["ENABLED", ({ enabled }) => enabled],
  ]);
  return { json: segments, text };
}

export async function createHost(
  client: MasakariClient,
  name: string,
  options: {
    segment?: string | undefined;
    type: string;
    controlAttributes: string;
    reserved?: boolean | undefined;
    onMaintenance?: boolean | undefined;
  },
  signal: AbortSignal,
): Promise<Result> {
  const segment = await findSegment(client, options.segment, signal);
  const { type, controlAttributes: control_attributes, reserved, onMaintenance: on_maintenance } = options;
  return hostOf(
    await client.createHost(segment.uuid, { name, type, control_attributes, reserved, on_maintenance }, { signal }),
  );
}

export async function hostList(
  client: MasakariClient,
  options: { segment?: string | undefined },
  signal: AbortSignal,
): Promise<Result> {
  const hosts = await listHosts(client, options.segment, signal);
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

export async function updateHost(
  client: MasakariClient,
  wanted: string,
  options: { segment?: string | undefined; reserved?: boolean | undefined; onMaintenance?: boolean | undefined },
  signal: AbortSignal,
): Promise<Result> {
  const { reserved, onMaintenance: on_maintenance } = options;
  if (reserved === undefined && on_maintenance === undefined) {
    throw new CommandError("nothing to change: give --on-maintenance or --reserved, with true or false");
  }
  const hosts = await listHosts(client, options.segment, signal);
  const found = hosts.find(({ host }) => host.uuid === wanted || host.name === wanted);
  if (found === undefined) {
    throw new CommandError(`no segment has a host ${wanted}; masakari host-list shows those that there are`);
  }
  return hostOf(await client.updateHost(found.segment.uuid, found.host.uuid, { reserved, on_maintenance }, { signal }));
}

export async function notificationList(
  client: MasakariClient,
  options: { limit?: number | undefined; type?: string | undefined; status?: string | undefined },
  signal: AbortSignal,
): Promise<Result> {
  const { limit, type, status } = options;
  const notifications = await client.listNotifications({ limit, type, status }, { signal });
  // A notification names its host by uuid only, which tells a person nothing; a deleted host keeps its uuid.
  const hosts = new Map((await listHosts(client, undefined, signal)).map(({ host }) => [host.uuid, host.name]));
  const text = table<StoredNotification>(notifications, [
    ["UUID", ({ notification_uuid }) => notification_uuid],
    ["GENERATED", ({ generated_time }) => generated_time.slice(0, 19)],
    ["TYPE", (notification) => notification.type],
    ["HOST", ({ source_host_uuid }) => hosts.get(source_host_uuid) ?? source_host_uuid],
    ["STATUS", (notification) => notification.status],
    ["PAYLOAD", ({ payload }) => Object.values(payload).join(" ")],
  ]);
  return { json: notifications, text };
}

export async function notificationShow(
  client: MasakariClient,
  uuid: string,
  options: { details?: boolean | undefined },
  signal: AbortSignal,
): Promise<Result> {
  // From 1.1 on the API asks the engine, and answers 500 after a minute if there is none: only on demand.
  const microversion = options.details === true ? "1.1" : undefined;
  return one(await client.getNotification(uuid, { signal, microversion }));
}
