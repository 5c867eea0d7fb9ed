import type { SegmentHost } from "../openstack/segment-hosts.ts";
import { armedRoutes } from "../status/armed-routes.ts";
import type { MetricSource } from "../status/metrics/samples.ts";
import type { MasakariProgress } from "../status/page/masakari-progress.ts";
import type { MonitorOverview } from "../status/page/overview.ts";
import { type Identity, reportOn } from "../status/report.ts";
import { healthRoute, listRoute, outboxRoutes, overviewRoute, type Routes } from "../status/routes.ts";
import { reportSubjects } from "../status/subject.ts";
import type { Clock } from "../system/clock.ts";
import type { AssembledMonitor } from "./assemble.ts";
import { metricsRoute } from "./metrics.ts";

export interface ServedProcess {
  readonly identity: Omit<Identity, "program">;
  readonly clock: Clock;
  /** Names in the configuration in force that do not exist. */
  readonly unknownOptions: () => number;
  /** This host in Masakari's segments, if it was found there. */
  readonly registered: () => SegmentHost | undefined;
}

/** One monitor of this process, as it can be queried. */
export interface ServedMonitor {
  readonly name: string;
  /** Of its health socket. */
  readonly routes: Routes;
  readonly metrics: () => MetricSource;
  /** What the page shows of it. */
  readonly overview: () => Promise<MonitorOverview>;
}

export function serveMonitor(monitor: AssembledMonitor, process: ServedProcess): ServedMonitor {
  const { name, type, facts, outbox, armed } = monitor;
  const { clock, unknownOptions } = process;
  const identity = { program: name, ...process.identity };
  const metrics = (): MetricSource => ({
    identity,
    type,
    facts: facts(),
    armed: armed.current,
    unknownOptions: unknownOptions(),
    now: clock.now(),
  });
  const overview = overviewOfMonitor(monitor, process, identity);
  return {
    name,
    metrics,
    overview,
    routes: {
      ...healthRoute(() => reportOn(identity, facts(), clock.now())),
      ...listRoute(() => reportSubjects(facts().subjects ?? [], clock.now())),
      ...outboxRoutes(outbox),
      ...metricsRoute(metrics),
      ...armedRoutes({ armed: () => armed.current, facts, now: () => clock.now() }),
      ...overviewRoute(overview),
    },
  };
}

/** What makes it is loaded when it is first asked for. */
function overviewOfMonitor(
  { facts, outbox, armed, delivery }: AssembledMonitor,
  { clock, registered }: ServedProcess,
  identity: Identity,
): () => Promise<MonitorOverview> {
  let progress: MasakariProgress | undefined;
  return async () => {
    const [{ overviewOf }, { incidentOf }, { MasakariProgress }] = await Promise.all([
      import("../status/page/monitor-overview.ts"),
      import("../status/page/incident.ts"),
      import("../status/page/masakari-progress.ts"),
    ]);
    progress ??= new MasakariProgress(() => delivery.client, clock);
    const last = outbox.last();
    const uuid = last?.entry.notificationUuid;
    const masakari = uuid === undefined ? undefined : progress.of(uuid);
    return overviewOf({
      identity,
      facts: facts(),
      armed: armed.current,
      now: clock.now(),
      registered: registered(),
      incident: last && incidentOf(last.entry, last.trail, masakari),
    });
  };
}
