import { type Keep, ofEach, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { type Host, type HostsState, initialState, isTroubled, type Loss, newHost, newLoss } from "./state.ts";

/** How old `lastLook` on disk may be, ms: writing it at each look would cost a sync each. */
const LOOK_KEPT_EVERY_MS = 300_000;

export const kept: Keep<HostsState> = {
  maps: { hosts: ofEach((state: HostsState) => state.hosts, keptOf) },
  rest: ({ bootId, lastLook }) => ({
    version: 1,
    bootId,
    lastLook: lastLook === undefined ? null : lastLook - (lastLook % LOOK_KEPT_EVERY_MS),
  }),
};

/** A row changes when the host is lost, reported or back, and not at each look. */
function keptOf({ reading: _reading, streak: _streak, incarnation: _incarnation, loss, ...lasting }: Host): unknown {
  if (lasting.baseline === undefined) return undefined;
  if (loss === undefined) return lasting;
  const { since, notBefore, returned, sent, withdrawn, inStorm } = loss;
  return { ...lasting, loss: { since, notBefore, returned, sent, withdrawn, inStorm } };
}

/** The state that an earlier run saved, without the rows that are not of this shape. */
export function restore({ rest, maps }: Saved): HostsState | undefined {
  const { version, bootId, lastLook } = (rest ?? {}) as Record<string, unknown>;
  if (version !== 1 || typeof bootId !== "string") return undefined;
  const hosts: [string, Host][] = [];
  for (const [name, row] of maps.hosts ?? []) {
    const host = restoredHost(name, row);
    if (host !== undefined) hosts.push([name, host]);
  }
  const troubled = hosts.filter(([, host]) => isTroubled(host)).map(([name]) => name);
  return {
    ...initialState,
    bootId,
    lastLook: typeof lastLook === "number" ? lastLook : undefined,
    hosts: new SubjectMap(hosts),
    troubled: new Set(troubled),
  };
}

const KINDS: readonly unknown[] = ["member", "remote", "node", "server"] satisfies Host["kind"][];

function restoredHost(name: string, row: unknown): Host | undefined {
  const { kind, baseline, firstSight, knownFencing, losses, lastNormal, loss } = (row ?? {}) as Record<string, unknown>;
  if (!KINDS.includes(kind) || (baseline !== "online" && baseline !== "offline")) return undefined;
  return {
    ...newHost(name, kind as Host["kind"]),
    baseline,
    firstSight: firstSight === true,
    knownFencing: Array.isArray(knownFencing) ? knownFencing.filter((id) => typeof id === "string") : undefined,
    losses: Array.isArray(losses) ? losses.filter((at) => typeof at === "number") : [],
    lastNormal: typeof lastNormal === "number" ? lastNormal : undefined,
    loss: restoredLoss(loss),
  };
}

function restoredLoss(loss: unknown): Loss | undefined {
  const { since, notBefore, returned, sent, withdrawn, inStorm } = (loss ?? {}) as Record<string, unknown>;
  if (typeof since !== "number" || typeof notBefore !== "number") return undefined;
  const { status, at, by } = (sent ?? {}) as Record<string, unknown>;
  const isSent = (status === "NORMAL" || status === "UNKNOWN") && typeof at === "number";
  return {
    ...newLoss({ since, notBefore, afterGap: true }),
    ...(typeof returned === "number" && { returned }),
    ...(isSent && { sent: { status, at, by: by === "another monitor" ? by : "this monitor" } }),
    withdrawn: withdrawn === true,
    inStorm: inStorm === true,
  };
}
