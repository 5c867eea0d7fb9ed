import {
  array,
  boolean,
  type InferOutput,
  literal,
  nullable,
  number,
  object,
  optional,
  picklist,
  string,
} from "valibot";
import { type Keep, type OnUnreadable, ofEach, readableRows, type Saved } from "../monitor/kept.ts";
import { SubjectMap } from "../monitor/subject-map.ts";
import { conforming } from "../system/parse-json.ts";
import { type Host, type HostsState, initialState, isTroubled, type Loss, newHost, newLoss } from "./state.ts";

/** How old `lastLook` on disk may be, ms: writing it at each look would cost a sync each. */
const LOOK_KEPT_EVERY_MS = 300_000;

export const kept: Keep<HostsState> = {
  maps: { hosts: ofEach((state: HostsState) => state.hosts, keptOf) },
  rest: ({ bootId, clockBase, lastLook }) => ({
    version: 1,
    bootId,
    clockBase,
    lastLook: lastLook === undefined ? null : lastLook - (lastLook % LOOK_KEPT_EVERY_MS),
  }),
};

/** A row changes when the host is lost, reported or back, and not at each look. */
function keptOf({
  reading: _reading,
  streak: _streak,
  incarnation: _incarnation,
  fencingReadFrom: _fencingReadFrom,
  loss,
  ...lasting
}: Host): unknown {
  if (lasting.baseline === undefined) return undefined;
  if (loss === undefined) return lasting;
  const { since, notBefore, returned, sent, withdrawn, inStorm } = loss;
  return { ...lasting, loss: { since, notBefore, returned, sent, withdrawn, inStorm } };
}

const keptLoss = object({
  since: number(),
  notBefore: number(),
  returned: optional(number()),
  sent: optional(
    object({
      status: picklist(["NORMAL", "UNKNOWN"]),
      at: number(),
      by: picklist(["this monitor", "another monitor"]),
      inShadow: optional(boolean()),
    }),
  ),
  withdrawn: boolean(),
  inStorm: boolean(),
});

/** What `keptOf` makes. */
const keptHost = object({
  kind: picklist(["member", "remote", "node", "server"]),
  baseline: picklist(["online", "offline"]),
  firstSight: boolean(),
  knownFencing: optional(array(string())),
  losses: array(number()),
  lastNormal: optional(number()),
  lastUp: optional(number()),
  loss: optional(keptLoss),
});

const savedRest = object({
  version: literal(1),
  bootId: string(),
  clockBase: optional(number()),
  lastLook: nullable(number()),
});

/** The state that an earlier run saved, without the rows that are not of this shape: their hosts are as if never seen. */
export function restore({ rest, maps }: Saved, onUnreadable: OnUnreadable = () => undefined): HostsState | undefined {
  const known = conforming(savedRest, rest);
  if (known === undefined) return undefined;
  const rows = readableRows("hosts", maps.hosts, keptHost, onUnreadable);
  const hosts = rows.map(([name, row]): [string, Host] => [name, restoredHost(name, row)]);
  const troubled = hosts.filter(([, host]) => isTroubled(host)).map(([name]) => name);
  return {
    ...initialState,
    bootId: known.bootId,
    clockBase: known.clockBase,
    lastLook: known.lastLook ?? undefined,
    hosts: new SubjectMap(hosts),
    troubled: new Set(troubled),
  };
}

function restoredHost(name: string, { kind, loss, ...lasting }: InferOutput<typeof keptHost>): Host {
  return {
    ...newHost(name, kind),
    ...lasting,
    knownFencing: lasting.knownFencing,
    lastNormal: lasting.lastNormal,
    lastUp: lasting.lastUp,
    loss: loss === undefined ? undefined : restoredLoss(loss),
  };
}

function restoredLoss({ since, notBefore, returned, sent, withdrawn, inStorm }: InferOutput<typeof keptLoss>): Loss {
  return {
    ...newLoss({ since, notBefore, afterGap: true }),
    ...(returned !== undefined && { returned }),
    ...(sent !== undefined && { sent }),
    withdrawn,
    inStorm,
  };
}
