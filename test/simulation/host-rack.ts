import { SETTINGS } from "../support/host-cluster.ts";
import { Seeded } from "../support/seeded.ts";
import { decisionText } from "./host-durations.ts";
import type { Given } from "./host-schedule.ts";
import { timeOf } from "./host-timeline.ts";
import { HostWorld } from "./host-world.ts";

const MINUTE = 60_000;
const SETTLE_MS = 5 * MINUTE;

/**
 * A rack loses power in a data centre in which nothing else happens: what the API gets until the last monitor has had its turn.
 * @returns a text for the reader
 */
export async function playRack(
  given: Given & Required<Pick<Given, "members" | "remotes" | "monitors">>,
  { seed, rack }: { readonly seed: number; readonly rack: number },
): Promise<{ readonly text: string; readonly isClean: boolean }> {
  const settings = { ...SETTINGS, report_at_once: false };
  const world = new HostWorld({ random: new Seeded(seed), settings, fencing: "off", ...given });
  const { masakari, clock, invariants, hosts } = world;
  world.startPrograms();
  await clock.advance(SETTLE_MS);
  const before = { ...masakari.requests };
  const began = clock.now().mono;
  const fallen = hosts.slice(-rack);
  for (const { machine } of fallen) machine.die(began, "off", false);
  world.align();
  world.cluster.disturbed();
  await clock.advance(10 * MINUTE + (given.monitors?.length ?? hosts.length) * settings.reporter_delay * 1000);
  invariants.judge();
  world.end();
  const { posts, notifications, segments, hosts: lists } = masakari.requests;
  const times = masakari.times.filter((at) => at >= began);
  const stored = masakari.api.stored.length;
  const text = `${hosts.length} hosts, of which ${hosts.filter(({ hasMonitor }) => hasMonitor).length} run a monitor; ${rack} of them lose power at once
stored by Masakari: ${stored} failures, ${invariants.counts.falseReports} of hosts that were alive
requests until the last monitor has had its turn:
  POST notifications ${posts - before.posts}
  GET notifications  ${notifications - before.notifications} (monitors that ask whether a loss is known)
  GET segments       ${segments - before.segments}, GET hosts ${lists - before.hosts}
  the last at        ${timeOf(Math.max(0, ...times) - began)} after the power was lost; at most ${busiestSecond(times)} within one second
notified:            the first ${timeOf((masakari.posted[0] ?? began) - began)}, the last ${timeOf((masakari.posted.at(-1) ?? began) - began)} after the power was lost
${decisionText(world.decisions)}
invariants: ${invariants.violations.length === 0 ? "none violated" : invariants.violations.join("\n")}`;
  return { text, isClean: invariants.violations.length === 0 };
}

/** @param times ms, ascending */
function busiestSecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - 1000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
