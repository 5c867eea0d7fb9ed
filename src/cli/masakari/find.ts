import type { MasakariClient } from "../../openstack/masakari.ts";
import type { Host, Segment } from "../../openstack/masakari-objects.ts";
import { CommandError } from "./command-context.ts";

/** The segment of that name or uuid; without one, the only segment that there is. @throws CommandError */
export async function findSegment(
  client: MasakariClient,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Segment> {
  const segments = await client.listSegments({}, { signal });
  const names = segments.map(({ name }) => name).join(", ");
  if (wanted === undefined) {
    const [only, second] = segments;
    if (only === undefined) throw new CommandError("there is no segment yet: masakari segment-create NAME");
    if (second !== undefined) throw new CommandError(`there are several segments, choose one with --segment: ${names}`);
    return only;
  }
  const found = segments.find(({ uuid, name }) => uuid === wanted || name === wanted);
  if (found === undefined) throw new CommandError(`there is no segment ${wanted}${names && ` (there is: ${names})`}`);
  return found;
}

export interface Found {
  readonly segment: Segment;
  readonly host: Host;
}

/** Hosts of one segment, or of all. @throws CommandError if there is no such segment */
export async function findHosts(
  client: MasakariClient,
  segment: string | undefined,
  signal: AbortSignal,
): Promise<Found[]> {
  const segments =
    segment === undefined ? await client.listSegments({}, { signal }) : [await findSegment(client, segment, signal)];
  const found: Found[] = [];
  for (const one of segments) {
    for (const host of await client.listHosts(one.uuid, {}, { signal })) found.push({ segment: one, host });
  }
  return found;
}

/** The host of that name or uuid, of one segment or of all. @throws CommandError */
export async function findHost(
  client: MasakariClient,
  wanted: string,
  segment: string | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const found = (await findHosts(client, segment, signal)).find(isHost(wanted));
  if (found !== undefined) return found;
  const where = segment === undefined ? "no segment" : `segment ${segment}`;
  throw new CommandError(
    `${where} has ${segment === undefined ? "a" : "no"} host ${wanted}; masakari host-list lists the hosts`,
  );
}

/** Whether a host has this name or uuid. */
export const isHost =
  (wanted: string) =>
  ({ host }: Found): boolean =>
    host.uuid === wanted || host.name === wanted;
