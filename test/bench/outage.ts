import { setTimeout as sleep } from "node:timers/promises";
import { DeadlineError, eventually } from "../support/eventually.ts";
import type { OpenStackAddress } from "../system/openstack/servers.ts";
import { makePeer, type Peer } from "./peers.ts";
import { duration, type Section } from "./report.ts";

const outageMs = 180_000;
/** Ours tries again at least every `[notifications] retry_backoff_max` (30 s); Python's last try is long over. */
const patienceMs = 90_000;
const settings = { process: { restart_retries: 0 }, debug: true };

/** Two processes die while connections to the API are refused for three minutes: what arrives afterwards? */
export async function outage(address: OpenStackAddress): Promise<Section> {
  const python = await makePeer("python", address, settings);
  const ours = await makePeer("ours", address, settings);
  try {
    const [pythonResult, oursResult] = await Promise.all([suffer(python), suffer(ours)]);
    const text = (result: Outcome) =>
      `**${result.lost} of 2 lost**${result.delivered.length === 0 ? "" : ` (delivered ${result.delivered.map(duration).join(" and ")} after the API was back)`}`;
    return {
      rows: [
        {
          what: "API down for 3 minutes, two processes die meanwhile",
          python: text(pythonResult),
          ours: text(oursResult),
          ratio: "–",
        },
      ],
      targets: [
        {
          what: "notifications lost in a 3-minute outage",
          wanted: "0",
          measured: String(oursResult.lost),
          reached: oursResult.lost === 0,
        },
      ],
    };
  } finally {
    await python.close();
    await ours.close();
  }
}

interface Outcome {
  readonly lost: number;
  /** ms after the API was back. */
  readonly delivered: readonly number[];
}

async function suffer(peer: Peer): Promise<Outcome> {
  const [warmUp, first, second] = peer.names;
  if (warmUp === undefined || first === undefined || second === undefined) throw new Error("too few processes");
  await peer.rig.start();
  // One notification gets through first: a token is at hand, and the outage is Masakari's alone.
  peer.targets[0]?.signal("SIGKILL");
  await eventually("a notification before the outage", 60_000, () => accepted(peer, warmUp));
  await peer.site.masakari.refuse();
  peer.targets[1]?.signal("SIGKILL");
  await sleep(30_000);
  peer.targets[2]?.signal("SIGKILL");
  await sleep(outageMs - 30_000);
  await peer.site.masakari.listen();
  const backAt = performance.now();
  const delivered = await Promise.all(
    [first, second].map(async (name) => {
      try {
        return await eventually(`the POST about ${name}`, patienceMs, () => accepted(peer, name));
      } catch (error) {
        if (error instanceof DeadlineError) return undefined;
        throw error;
      }
    }),
  );
  const times = delivered.filter((at) => at !== undefined).map((at) => at - backAt);
  return { lost: 2 - times.length, delivered: times };
}

/** When the POST arrived that the API took. */
function accepted(peer: Peer, name: string): number | undefined {
  return peer.posts(name).find((post) => post.response?.status === 202)?.arrivedAt;
}
