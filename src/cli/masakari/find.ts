import type { CallOptions, MasakariClient } from "../../openstack/masakari.ts";
import type { Host, Segment } from "../../openstack/masakari-objects.ts";
import { CommandError } from "./command-context.ts";
import { everyOne } from "./pages.ts";

/** Names in a message, at most. */
const MOST_NAMES = 20;

const segmentsOf = (client: MasakariClient, call: CallOptions): AsyncGenerator<Segment, void> =>
  everyOne((query, options) => client.listSegments(query, options), call);

/** The segment of that name or uuid; without one, the only segment that there is. @throws CommandError */
export async function findSegment(
  client: MasakariClient,
  wanted: string | undefined,
  call: CallOptions,
): Promise<Segment> {
  const others: Segment[] = [];
  for await (const segment of segmentsOf(client, call)) {
    if (segment.uuid === wanted || segment.name === wanted) return segment;
    others.push(segment);
  }
  const [only, second] = others;
  if (only === undefined) throw new CommandError("there is no segment yet: masakari segment-create NAME");
  const names = namesOf(others);
  if (wanted !== undefined) throw new CommandError(`there is no segment ${wanted} (there is: ${names})`);
  if (second !== undefined) throw new CommandError(`there are several segments, choose one with --segment: ${names}`);
  return only;
}

function namesOf(segments: readonly Segment[]): string {
  const names = segments.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = segments.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

export interface Found {
  readonly segment: Segment;
  readonly host: Host;
}

/** Hosts of one segment, or of all. @throws CommandError if there is no such segment */
export async function* hostsOf(
  client: MasakariClient,
  segment: string | undefined,
  call: CallOptions,
): AsyncGenerator<Found, void> {
  const segments = segment === undefined ? segmentsOf(client, call) : [await findSegment(client, segment, call)];
  for await (const one of segments) {
    const hosts = everyOne<Host>((query, options) => client.listHosts(one.uuid, query, options), call);
    for await (const host of hosts) yield { segment: one, host };
  }
}

/** The host of that name or uuid, of one segment or of all. @throws CommandError */
export async function findHost(
  client: MasakariClient,
  wanted: string,
  segment: string | undefined,
  call: CallOptions,
): Promise<Found> {
  for await (const found of hostsOf(client, segment, call)) if (isHost(wanted)(found)) return found;
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
