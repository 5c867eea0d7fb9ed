import type { HostOverview, Incident, MonitorOverview, PeerOverview } from "../../src/status/page/overview.ts";

/** Now, in the tests of the page; ms since the epoch. */
export const PAGE_NOW = Date.UTC(2026, 10, 28, 3, 0, 0);
const before = (seconds: number): string => new Date(PAGE_NOW - seconds * 1000).toISOString();

/** A monitor that lacks nothing, but for what is changed. */
export function monitorOverview(changes: Partial<MonitorOverview> = {}): MonitorOverview {
  return {
    monitor: "processmonitor",
    version: "1.2.3",
    hostname: "compute-1",
    started_at: before(7200),
    state: "armed",
    reason: null,
    since: before(3600),
    verdict: "ok",
    last_observation_at: before(2),
    outbox: { pending: 0, oldest_pending_seconds: null, on_disk: true },
    problems: [],
    gates: [],
    registration: { segment: "rack-1", on_maintenance: false, enabled: true },
    counts: [{ kind: "process", state: "up", count: 9 }],
    unwell: [],
    proof: null,
    incident: null,
    ...changes,
  };
}

/** A host with these monitors, or with one that lacks nothing. */
export function hostOverview(host: string, monitors: readonly Partial<MonitorOverview>[] = [{}]): HostOverview {
  return {
    host,
    at: new Date(PAGE_NOW).toISOString(),
    driver: null,
    monitors: monitors.map((changes) => {
      const overview = monitorOverview({ hostname: host, ...changes });
      return { kind: "overview", monitor: overview.monitor, overview };
    }),
  };
}

export const peerOverview = (host: string, ...monitors: readonly Partial<MonitorOverview>[]): PeerOverview => ({
  kind: "host",
  host: hostOverview(host, monitors.length === 0 ? [{}] : monitors),
});

export const acceptedIncident: Incident = {
  id: "0badcafe",
  about: "PROCESS STOPPED of nova-compute on compute-1",
  outcome: "accepted",
  reason: null,
  attempts: 1,
  notification_uuid: "9f6a6a2e-0000-4000-8000-000000000001",
  steps: [
    { what: "seen", at: "2026-11-28T02:59:00.100Z" },
    { what: "decided", at: "2026-11-28T02:59:00.104Z" },
    { what: "sent", at: "2026-11-28T02:59:00.106Z" },
    { what: "accepted", at: "2026-11-28T02:59:00.147Z" },
  ],
  masakari: { status: "finished", at: "2026-11-28T02:59:31.000000", problem: null },
};
