import type { Config } from "../config/sections.ts";
import { userAgent } from "../http/user-agent.ts";
import type { SegmentHosts } from "../openstack/segment-hosts.ts";
import type { OverviewOutcome } from "../status/client.ts";
import type { Routes } from "../status/routes.ts";
import { healthSocket } from "../status/socket-path.ts";
import type { Logger } from "../system/log.ts";
import { messageOf } from "../system/message-of.ts";
import { firstResponse } from "./first-response.ts";
import { type Listener, PORTS } from "./metrics.ts";
import type { ServedMonitor } from "./monitor-routes.ts";
import { fallbackPlaces, stateEnvironment } from "./state-place.ts";
import { programsIn } from "./status-command.ts";
import { packageVersion } from "./version.ts";

export interface PageParts {
  readonly config: Config;
  /** Where the sockets of this process are. */
  readonly statePath: string;
  readonly served: readonly ServedMonitor[];
  readonly segmentHosts: Pick<SegmentHosts, "known">;
  /** Whether the disk of `statePath` responds: while it hangs, reading it blocks a thread of libuv, and connecting to a socket on it the event loop. */
  readonly diskResponds: () => Promise<boolean>;
}

/** For one monitor of another process, ms. */
const TIMEOUT_MS = 2000;

const DISK_HANGS: OverviewOutcome = { kind: "no response", reason: "not asked, because the disk of its socket hangs" };

/** @returns what makes the page's routes once there is a listener for them; undefined if the page is off */
export function pageOf(parts: PageParts): ((listener: Listener) => Promise<Routes>) | undefined {
  return parts.config.page.enabled ? async (listener) => await routesOf(parts, listener) : undefined;
}

async function routesOf(parts: PageParts, listener: Listener): Promise<Routes> {
  const { config, statePath, served, segmentHosts, diskResponds } = parts;
  const { hostname } = config.DEFAULT;
  const { clock, command, login, address, log } = listener;
  const [{ pageRoutes }, { HostGatherer }, { Peers }, { peerRequests }, { peerList }] = await Promise.all([
    import("../status/page/routes.ts"),
    import("../status/page/gather.ts"),
    import("../status/page/peers.ts"),
    import("../status/page/request-peer.ts"),
    import("./page-peers.ts"),
  ]);
  const places = [...new Set([statePath, ...fallbackPlaces(config.DEFAULT.state_path, stateEnvironment())])];
  let programs: readonly string[] = [];
  const unreadable = new UnreadablePlaces(log);
  const host = new HostGatherer({
    hostname,
    driver: config.host.monitoring_driver,
    own: new Map(served.map(({ name, overview }) => [name, overview])),
    programs: async () => {
      if (await diskResponds()) programs = knownFirst(await programsInEach(places, unreadable));
      return programs;
    },
    query: async (program) => ((await diskResponds()) ? await query(places, program) : DISK_HANGS),
    now: () => clock.now().wall,
  });
  const peers = new Peers({
    peers: peerList(config, segmentHosts, listener),
    request: peerRequests({
      clock,
      login,
      cafile: config.page.peer_ca_file,
      userAgent: userAgent(command, packageVersion()),
    }),
    clock,
  });
  return pageRoutes({ host, peers, address, hasLogin: login() !== undefined, now: () => clock.now().wall });
}

/** Which monitors have left something in one of these places; one that cannot be read hides only its own. */
async function programsInEach(places: readonly string[], unreadable: UnreadablePlaces): Promise<readonly string[]> {
  const found = await Promise.all(
    places.map(async (place) => {
      try {
        const names = await programsIn([place], (why) => {
          throw new Error(why);
        });
        unreadable.readable(place);
        return names;
      } catch (error) {
        unreadable.add(place, messageOf(error));
        return [];
      }
    }),
  );
  return [...new Set(found.flat())];
}

/** Of many files that look like a monitor's the known ones are shown. */
const knownFirst = (programs: readonly string[]): readonly string[] =>
  [...programs].sort((one, other) => Number(PORTS.includes(other)) - Number(PORTS.includes(one)));

/** Which places cannot be read: each is logged once, until it can be. */
class UnreadablePlaces {
  readonly #log: Pick<Logger, "warning">;
  readonly #reasons = new Map<string, string>();

  constructor(log: Pick<Logger, "warning">) {
    this.#log = log;
  }

  add(place: string, why: string): void {
    if (this.#reasons.get(place) !== why) this.#log.warning(`The page lacks the monitors of other processes: ${why}`);
    this.#reasons.set(place, why);
  }

  readable(place: string): void {
    this.#reasons.delete(place);
  }
}

async function query(places: readonly string[], program: string): Promise<OverviewOutcome> {
  const { requestOverview } = await import("../status/client.ts");
  return await firstResponse(places, (place) => requestOverview(healthSocket(place, program), TIMEOUT_MS));
}
