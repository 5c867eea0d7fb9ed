import type { MasakariClient } from "../../openstack/masakari.ts";
import type { Host, Segment } from "../../openstack/masakari-objects.ts";
import { CommandError } from "./surroundings.ts";

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
    if (second !== undefined) throw new CommandError(`there are several segments, say which with --segment: ${names}`);
    return only;
  }
  const found = segments.find(({ uuid, name }) => uuid === wanted || name === wanted);
  if (found === undefined) throw new CommandError(`there is no segment ${wanted}${names && ` (there is: ${names})`}`);
  return found;
}

/** Hosts of one segment, or of all. */
export async function listHosts(
  client: MasakariClient,
  segment: string | undefined,
  signal: AbortSignal,
): Promise<{ segment: Segment; host: Host }[]> {
  const segments =
    segment === undefined ? await client.listSegments({}, { signal }) : [await findSegment(client, segment, signal)];
  const found: { segment: Segment; host: Host }[] = [];
  for (const one of segments) {
    for (const host of await client.listHosts(one.uuid, {}, { signal })) found.push({ segment: one, host });
  }
  return found;
}
