import { array, type Codec, decode, i32, i64, nullable, string, struct, type ValueOf } from "../codec/codec.ts";
import { agentStateName, ioErrorActionName, lifecycleNames, watchdogActionName } from "./names.ts";
import { domain } from "./shapes.ts";

const GRAPHICS_IDENTITIES_MAX = 20;
const address = struct({ family: i32, node: string, service: string });
const diskError = { domain, sourcePath: string, deviceAlias: string, action: i32 } as const;

/** One kind of event: libvirt's event id, the procedure number of its messages, and what they hold after the callback id. */
function kind<B>(id: number, procedure: number, body: Codec<B>) {
  return { id, procedure, body };
}

/** virDomainEventID (libvirt-domain.h) and remote_protocol.x. */
export const eventKinds = {
  lifecycle: kind(0, 318, struct({ domain, event: i32, detail: i32 })),
  reboot: kind(1, 319, struct({ domain })),
  /** `offset` in seconds from UTC. */
  rtcChange: kind(2, 320, struct({ domain, offset: i64 })),
  watchdog: kind(3, 321, struct({ domain, action: i32 })),
  ioError: kind(4, 322, struct(diskError)),
  graphics: kind(
    5,
    323,
    struct({
      domain,
      phase: i32,
      local: address,
      remote: address,
      authScheme: string,
      subject: array(struct({ type: string, name: string }), GRAPHICS_IDENTITIES_MAX),
    }),
  ),
  /** `reason`: `enospc` or empty. */
  ioErrorReason: kind(6, 324, struct({ ...diskError, reason: string })),
  controlError: kind(7, 325, struct({ domain })),
  diskChange: kind(
    9,
    327,
    struct({ domain, oldPath: nullable(string), newPath: nullable(string), deviceAlias: string, reason: i32 }),
  ),
  /** `state` 1 connected, 2 disconnected; `reason` 1 the domain started, 2 the channel was opened or closed. */
  agentLifecycle: kind(18, 348, struct({ domain, state: i32, reason: i32 })),
} as const;

export type EventKind = keyof typeof eventKinds;

type Body<K extends EventKind> = ValueOf<(typeof eventKinds)[K]["body"]>;

interface Names {
  /** Numbers in words, e.g. `STOPPED` and `FAILED`; a number newer than this program is shown as itself. */
  readonly lifecycle: { readonly eventName: string; readonly detailName: string };
  /** E.g. `POWEROFF`. */
  readonly watchdog: { readonly actionName: string };
  readonly ioError: { readonly actionName: string };
  readonly ioErrorReason: { readonly actionName: string };
  /** `CONNECTED` or `DISCONNECTED`. */
  readonly agentLifecycle: { readonly stateName: string };
}

type NamesOf<K> = K extends keyof Names ? Names[K] : unknown;

/** What happened to a domain, by libvirt; `kind` is which of them it is. */
export type DomainEvent = { [K in EventKind]: { readonly kind: K } & Body<K> & NamesOf<K> }[EventKind];

const kindOfProcedure = new Map<number, EventKind>(
  (Object.keys(eventKinds) as EventKind[]).map((name) => [eventKinds[name].procedure, name]),
);

/** An event, and for which registration of ours the server sends it. */
export interface ReceivedEvent {
  readonly callbackId: number;
  readonly event: DomainEvent;
}

/** Undefined for a procedure that is no event of ours. @throws ProtocolError for an event that cannot be read */
export function decodeEvent(procedure: number, payload: Buffer): ReceivedEvent | undefined {
  const name = kindOfProcedure.get(procedure);
  if (name === undefined) return undefined;
  const message = struct({ callbackId: i32, body: eventKinds[name].body as Codec<Body<EventKind>> });
  const { callbackId, body } = decode(message, payload, `the event ${name}`);
  return { callbackId, event: withNames({ kind: name, ...body } as DomainEvent) };
}

function withNames(event: DomainEvent): DomainEvent {
  switch (event.kind) {
    case "lifecycle": {
      const names = lifecycleNames(event.event, event.detail);
      return { ...event, eventName: names.event, detailName: names.detail };
    }
    case "watchdog":
      return { ...event, actionName: watchdogActionName(event.action) };
    case "ioError":
    case "ioErrorReason":
      return { ...event, actionName: ioErrorActionName(event.action) };
    case "agentLifecycle":
      return { ...event, stateName: agentStateName(event.state) };
    default:
      return event;
  }
}
