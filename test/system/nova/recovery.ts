import { setTimeout as sleep } from "node:timers/promises";
import { notificationIn } from "../../support/notification-post.ts";
import { LogLines } from "../pacemaker/log-lines.ts";
import type { DataCentre } from "./data-centre.ts";

/** What happens between the end of a host and the recovery of its guests. */
export type Step =
  | "Pacemaker's verdict"
  | "fenced"
  | "notification posted"
  | "notification accepted"
  | "engine at work"
  | "first guest elsewhere"
  | "all guests ACTIVE elsewhere"
  | "notification finished";

/** When each step came, in ms since the host ended. */
export type Timeline = ReadonlyMap<Step, number>;

/** Each time costs Nova and Keystone a fifth of a second of CPU, which the recovery needs too. */
const watchEveryMs = 400;

/** Kills a host, and watches until Masakari's notification is finished. @throws if that takes longer than `withinMs` */
export async function loseHost(centre: DataCentre, name: string, withinMs: number): Promise<Timeline> {
  const { cloud, cluster } = centre;
  const survivors = cluster.nodes.filter((node) => node.name !== name);
  const logs = survivors.map((node) => new LogLines(`${node.folder}/log/pacemaker/pacemaker.log`));
  const guests = [...(await cloud.nova.servers()).values()].filter(({ host }) => host === name).map(({ id }) => id);
  const calls = cloud.novaCalls.exchanges.length;
  const posts = cloud.masakariCalls.exchanges.length;
  const timeline = new Map<Step, number>();
  const killedAt = performance.now();
  const note = (step: Step, at: number | undefined): void => {
    if (at !== undefined && !timeline.has(step)) timeline.set(step, at - killedAt);
  };
  await cluster.node(name).kill();
  try {
    while (!timeline.has("notification finished")) {
      if (performance.now() - killedAt > withinMs) throw new Error(`not recovered in time:\n${show(timeline)}`);
      note("Pacemaker's verdict", earliest(logs, new RegExp(`Node ${name} state is now lost`)));
      note("fenced", earliest(logs, new RegExp(`Operation 'off' targeting ${name} by .*: OK`)));
      const post = cloud.masakariCalls.matching((one) => notificationIn(one)?.hostname === name, posts)[0];
      note("notification posted", post?.arrivedAt);
      note("notification accepted", post?.response?.status === 202 ? performance.now() : undefined);
      note("engine at work", cloud.novaCalls.exchanges[calls]?.arrivedAt);
      const servers = await cloud.nova.servers();
      const elsewhere = guests.filter((id) => {
        const { host, status, task } = servers.get(id) ?? {};
        return host !== name && status === "ACTIVE" && task === null;
      });
      if (elsewhere.length > 0) note("first guest elsewhere", performance.now());
      if (elsewhere.length === guests.length) note("all guests ACTIVE elsewhere", performance.now());
      const [stored] = await cloud.masakari.notifications(centre.host(name));
      if (stored?.status === "finished") note("notification finished", performance.now());
      if (stored?.status === "failed" || stored?.status === "ignored") throw new Error(`Masakari: ${stored.status}`);
      await sleep(watchEveryMs);
    }
  } finally {
    for (const log of logs) log.close();
  }
  return timeline;
}

/** Seconds since the host ended, and since the step before, in the order of the steps: the proof may come before the cluster's fencing is over. */
export function show(timeline: Timeline): string {
  let before = 0;
  return [...timeline]
    .sort(([, one], [, other]) => one - other)
    .map(([step, at]) => {
      const line = `${step}: ${(at / 1000).toFixed(2)} s (+${((at - before) / 1000).toFixed(2)})`;
      before = at;
      return line;
    })
    .join("\n");
}

function earliest(logs: readonly LogLines[], pattern: RegExp): number | undefined {
  const times = logs.map((log) => log.at(pattern)).filter((at) => at !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}
