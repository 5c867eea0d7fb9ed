import { setTimeout as sleep } from "node:timers/promises";
import { about } from "../support/notification-post.ts";
import type { OpenStackAddress } from "../system/openstack/servers.ts";
import { entries, makePeer, type Peer } from "./peers.ts";
import { duration, durations, type Section, spread, times } from "./report.ts";

type Options = Readonly<Record<string, string | number>>;

// A restart that fails at once, and only once: what is measured is the monitor, not the number of retries.
const atDefaults: Options = { restart_retries: 0 };
const withoutPause: Options = { restart_retries: 0, restart_interval: 0 };
const withoutSettling: Options = { ...withoutPause, settle: 0 };
/** `[process] settle` of ours unless configured, in ms. */
const defaultSettle = 1000;

/** From SIGKILL to the request's head at the API, one process after the other; both monitors at the same time. */
export async function latency(address: OpenStackAddress): Promise<Section> {
  const first = await measure(address, { python: atDefaults, ours: atDefaults });
  const second = await measure(address, { python: withoutPause, ours: withoutPause, unsettled: withoutSettling });
  const row = (what: string, python: readonly number[], ours: readonly number[]) => ({
    what: `${what}, ${ours.length} samples`,
    python: durations(python),
    ours: durations(ours),
    ratio: times(spread(python).median / spread(ours).median),
  });
  const quickest = spread(second.unsettled).median;
  const usual = spread(first.ours).median;
  return {
    rows: [
      row("SIGKILL → POST at the defaults", first.python, first.ours),
      row("SIGKILL → POST at restart_interval=0", second.python, second.ours),
      row("the same, ours also at settle=0", second.python, second.unsettled),
    ],
    targets: [
      {
        what: "SIGKILL → POST at settle 0, median",
        wanted: "≤ 30 ms",
        measured: duration(quickest),
        reached: quickest <= 30,
      },
      {
        what: "SIGKILL → POST at our defaults, median",
        wanted: `≤ settle + 50 ms = ${defaultSettle + 50} ms`,
        measured: duration(usual),
        reached: usual <= defaultSettle + 50,
      },
    ],
  };
}

async function measure(
  address: OpenStackAddress,
  options: { readonly python: Options; readonly ours: Options; readonly unsettled?: Options },
): Promise<{ python: number[]; ours: number[]; unsettled: number[] }> {
  const peers: Peer[] = [];
  const make = async (which: "python" | "ours", process: Options) => {
    const peer = await makePeer(which, address, { process, debug: true });
    peers.push(peer);
    await peer.rig.start();
    return peer;
  };
  try {
    const python = await make("python", options.python);
    const ours = await make("ours", options.ours);
    const unsettled = options.unsettled === undefined ? undefined : await make("ours", options.unsettled);
    const [a, b, c] = await Promise.all([
      samples(python),
      samples(ours),
      unsettled === undefined ? [] : samples(unsettled),
    ]);
    return { python: a, ours: b, unsettled: c };
  } finally {
    for (const peer of peers) await peer.close();
  }
}

async function samples(peer: Peer): Promise<number[]> {
  const measured: number[] = [];
  for (const [index, name] of peer.names.entries()) {
    // Any phase of a check interval is as likely as any other.
    await sleep(Math.random() * 5000);
    const killedAt = performance.now();
    peer.targets[index]?.signal("SIGKILL");
    const post = await peer.site.masakari.seen(`the POST about ${name}`, 60_000, about(name));
    measured.push(post.arrivedAt - killedAt);
  }
  if (measured.length !== entries) throw new Error("samples are missing");
  return measured;
}
