import type { MasakariClient } from "../../openstack/masakari.ts";
import type { RecoveryMethod, Segment, SegmentBody } from "../../openstack/masakari-objects.ts";
import { table } from "../table.ts";
import { findSegment } from "./find.ts";
import { one, type Result, requireChanges, subjectOf } from "./result.ts";

interface Fields {
  readonly name?: string;
  readonly recoveryMethod?: RecoveryMethod;
  readonly serviceType?: string;
  readonly description?: string;
}

interface Chosen {
  readonly argument?: string;
  readonly id?: string;
}

export async function createSegment(
  client: MasakariClient,
  { argument, name: option, recoveryMethod = "auto", serviceType = "COMPUTE", description }: Chosen & Fields,
  signal: AbortSignal,
): Promise<Result> {
  const name = subjectOf(argument, option, "NAME", "--name");
  const body = { name, recovery_method: recoveryMethod, service_type: serviceType, description };
  return one(await client.createSegment(body, { signal }));
}

export async function listSegments(client: MasakariClient, _: object, signal: AbortSignal): Promise<Result> {
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

export async function showSegment(client: MasakariClient, chosen: Chosen, signal: AbortSignal): Promise<Result> {
  return one(await chosenSegment(client, chosen, signal));
}

export async function updateSegment(
  client: MasakariClient,
  options: Chosen & Fields,
  signal: AbortSignal,
): Promise<Result> {
  const { name, recoveryMethod: recovery_method, serviceType: service_type, description } = options;
  const changes = requireChanges(
    { name, recovery_method, service_type, description },
    "--name, --recovery-method, --service-type, --description",
  );
  const { uuid } = await chosenSegment(client, options, signal);
  return one(await client.updateSegment(uuid, changes as Partial<SegmentBody>, { signal }));
}

export async function deleteSegment(client: MasakariClient, chosen: Chosen, signal: AbortSignal): Promise<Result> {
  const segment = await chosenSegment(client, chosen, signal);
  await client.deleteSegment(segment.uuid, { signal });
  return { json: segment, text: `deleted segment ${segment.name} (${segment.uuid})\n` };
}

async function chosenSegment(client: MasakariClient, { argument, id }: Chosen, signal: AbortSignal): Promise<Segment> {
  return await findSegment(client, subjectOf(argument, id, "SEGMENT", "--id"), signal);
}
